"""All that a run of a task works with, handed in from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import BinaryIO, NamedTuple, Protocol

from gitops.drivers.base import Builder, Cancel, ReadContext, RunMark, TaskEngine
from gitops.engine.tasks.ports import TaskBook, TaskLog
from gitops.engine.tasks.stopping import StopFlag
from gitops.model.secret import Secret


class RunContext(Protocol):
    """The files that a run works on, where they come from."""

    def write_all(self, stream: BinaryIO, top: str) -> None:
        """Write all of them, below the folder `top`, as an uncompressed tar."""
        ...

    def build(self, folder: str, dockerfile: str) -> AbstractContextManager[ReadContext]:
        """Give what a build of `folder` sends, by its `.dockerignore`.

        Both are paths in the context; an empty `dockerfile` is `Dockerfile` of the folder.
        """
        ...

    def read(self, path: str) -> bytes:
        """Return a file; `DriverError` MISSING when there is none, INVALID when it leads out."""
        ...


Fetch = Callable[[str], AbstractContextManager[BinaryIO]]
"""Gives a path of the workspace as a tar; `DriverError` MISSING when it is not there."""


class WorkspaceReader(Protocol):
    """Makes build contexts of what steps left in the workspace."""

    def build(
        self, fetch: Fetch, folder: str, dockerfile: str
    ) -> AbstractContextManager[ReadContext]:
        """Give what a build of a folder of the workspace sends, by its `.dockerignore`."""
        ...

    def read(self, fetch: Fetch, path: str) -> bytes:
        """Return a file of the workspace."""
        ...


RemoteContext = Callable[[str, str, Cancel], AbstractContextManager[ReadContext]]
"""Gives the context that a URL names, with the Dockerfile's path in it (empty: the usual one).

Raises CANCELLED when the flag is raised while it is fetched."""


def _any_image(_image: str) -> bool:
    return True


class Allowed(NamedTuple):
    """What a run may do. `push` says of an image's whole name whether it may be pushed.

    `socket` opens the engine's machine to the steps: its socket is mounted into each, and they may
    mount its paths. `apart` is for the work of a stranger, and names it: networks of its own,
    nothing privileged, and a cache that no other build shares.
    """

    push: Callable[[str], bool] = _any_image
    socket: bool = False
    apart: str = ""

    @property
    def isolated(self) -> bool:
        """Say whether it is the work of a stranger."""
        return bool(self.apart)


class Limits(NamedTuple):
    """Seconds of the whole run; cores, bytes and processes of each step; bytes on the engine's disk
    that its containers and volumes may take together. 0 is no limit.
    """

    timeout: float = 3600.0
    cpus: float = 0.0
    memory: int = 0
    pids: int = 0
    disk: int = 0


class Work(NamedTuple):
    """What makes containers and images. `builder` is asked for when the first build begins."""

    engine: TaskEngine
    builder: Callable[[], Builder]
    remote: RemoteContext
    workspace: WorkspaceReader


class Screen(NamedTuple):
    """Where a run is shown. Both take a step's id (empty: the run) and whole lines.

    `output` is for what programs print, `remark` for what is said about them.
    """

    output: Callable[[str, str], None]
    remark: Callable[[str, str], None]


class Records(NamedTuple):
    """Where a run is remembered, and shown."""

    book: TaskBook
    log: TaskLog
    redact: Callable[[str], str]
    screen: Screen
    clock: Callable[[], float]


class Inputs(NamedTuple):
    """What the run was given. `registry` goes before image names that have none when pushed.

    `secrets` are by id, for builds; `date` is seconds since 1970 for timestamps of images, 0 for
    the time of the build; `task` names the cache of its builds. `bases` are digests of what its
    Dockerfiles build on, where that has to be as in an earlier run.
    """

    context: RunContext | None = None
    registry: str = ""
    secrets: Mapping[str, Secret] = MappingProxyType({})
    date: int = 0
    task: str = ""
    bases: Mapping[str, str] = MappingProxyType({})


class Stage(NamedTuple):
    """All of it."""

    mark: RunMark
    work: Work
    records: Records
    flag: StopFlag
    inputs: Inputs = Inputs()
    allowed: Allowed = Allowed()
    limits: Limits = Limits()

    @property
    def run(self) -> str:
        """The run's id."""
        return self.mark.run
