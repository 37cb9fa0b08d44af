"""Containers of steps: begun, followed and taken away by the run that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import BinaryIO, NamedTuple, Protocol

from gitops.drivers.base.errors import Cancel, Output
from gitops.model.tasks import HostOptions

Sink = Callable[[str], None]
"""Takes a block of whole lines of a step's output, each with its line end, not redacted yet."""


UNNAMED = "gitops-run"
"""Where images are that a run builds without a name: `gitops-run/RUN:STEP`, until its end."""


def marker_of(image: str) -> str:
    """Return the volume that tells of an image without a name: it carries the run's mark.

    To list images takes an engine a tenth of a second, to list volumes nothing.
    """
    return image.replace("/", ".", 1).replace(":", ".", 1)


def image_of(volume: str) -> str:
    """Return the image that a volume tells of; empty for any other volume."""
    place, _, rest = volume.partition(".")
    run, _, tag = rest.partition(".")
    return f"{place}/{run}:{tag}" if place == UNNAMED and tag else ""


class RunMark(NamedTuple):
    """What everything made for a run carries, so that another process can clear it away."""

    run: str
    project: str
    host: str
    process: str


class StepMount(NamedTuple):
    """A volume, or a path of the engine's machine, at a path in a container."""

    source: str
    path: str
    read_only: bool = False
    bind: bool = False


class StepContainer(NamedTuple):
    """All that a step's container is created from; empty values keep the image's own.

    `ports` are `[host:]container[/protocol]`. Sizes are bytes, `cpus` cores; 0 is no limit.
    """

    name: str
    image: str
    mark: RunMark
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] | None = None
    env: Mapping[str, str] = MappingProxyType({})
    user: str = ""
    working_directory: str = ""
    hostname: str = ""
    network: str = ""
    aliases: tuple[str, ...] = ()
    mounts: tuple[StepMount, ...] = ()
    tmpfs: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    labels: Mapping[str, str] = MappingProxyType({})
    capabilities: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    privileged: bool = False
    read_only: bool = False
    init: bool = False
    memory: int = 0
    shm_size: int = 0
    cpus: float = 0.0
    pids: int = 0
    host: HostOptions = HostOptions()


class StepImage(NamedTuple):
    """An image that a step needs: pulled when it is not there, or when it has to be `fresh`.

    `platform` is `os/arch[/variant]`; empty is the engine's own.
    """

    name: str
    fresh: bool = False
    platform: str = ""


class StepEnd(NamedTuple):
    """How a container ended. `peak_memory` bytes and `cpu` seconds are 0 where nothing was seen.

    One that was `given_up` was killed, or never begun, because the flag was raised.
    """

    exit_code: int
    out_of_memory: bool = False
    error: str = ""
    peak_memory: int = 0
    cpu: float = 0.0
    given_up: bool = False


class Leftover(NamedTuple):
    """Something that a run made and nobody took away: a container, network, volume or image."""

    kind: str
    name: str
    mark: RunMark


class TaskEngine(Protocol):
    """An engine as a task's run uses it. All that is made carries the run's mark.

    Every call raises `DriverError`: UNREACHABLE when the engine is gone, CANCELLED when the flag
    was raised.
    """

    def provide(self, image: StepImage, output: Output, cancel: Cancel) -> None:
        """Have an image."""
        ...

    def create(self, container: StepContainer) -> str:
        """Create a container, not started; return its id. CONFLICT when the name is taken."""
        ...

    def run(self, container: str, sink: Sink, cancel: Cancel) -> StepEnd:
        """Start a container, give all of its output (both streams) to `sink`, return its end.

        Nothing of the output is lost, however fast it comes. When `cancel` is raised the container
        is killed at once, and the call returns when it is dead.
        """
        ...

    def detach(self, container: str, sink: Sink, ended: Callable[[int], None]) -> None:
        """Start a container; its output goes to `sink` from a thread of its own until it ends.

        `ended` takes the exit code of one that ends before it is removed.
        """
        ...

    def remove(self, container: str) -> None:
        """Kill and remove a container with its anonymous volumes; one that is gone is fine.

        The output of a detached one is all with its sink when this returns.
        """
        ...

    def create_network(self, name: str, driver: str, mark: RunMark, *, ipv6: bool = False) -> None:
        """Create a network."""
        ...

    def remove_network(self, name: str) -> None:
        """Remove a network; one that is gone is fine."""
        ...

    def create_volume(self, name: str, mark: RunMark) -> None:
        """Create a volume."""
        ...

    def remove_volume(self, name: str) -> None:
        """Remove a volume; one that is gone is fine."""
        ...

    def upload(self, container: str, path: str, write: Callable[[BinaryIO], None]) -> None:
        """Unpack a tar, as `write` writes it, at a folder of a container that need not run.

        The folder is there: a mount, for example. The tar is streamed, never held in memory. What
        `write` raises is raised, and leaves nothing half unpacked that looks whole.
        """
        ...

    def download(self, container: str, path: str) -> AbstractContextManager[BinaryIO]:
        """Give a folder or file of a container as a tar, streamed; MISSING when it is not there."""
        ...

    def tag(self, image: str, name: str) -> None:
        """Give a local image another name; MISSING when there is no such image."""
        ...

    def untag(self, image: str) -> None:
        """Take a local image's name away, and the image with its last one; none there is fine."""
        ...

    def has(self, image: str) -> bool:
        """Say whether the engine has an image."""
        ...

    def identity(self, image: str) -> str:
        """Return the id of an image by one of its names; empty when there is none."""
        ...

    def digest(self, image: str) -> str:
        """Return the digest that an image here has in its registry; empty where none is known."""
        ...

    def push(self, image: str, output: Output, cancel: Cancel) -> str:
        """Push a local image under its name; return the digest that the registry gave it."""
        ...

    def room(self, run: str, cancel: Cancel) -> int:
        """Return how many bytes the containers and volumes of a run take on the engine's disk."""
        ...

    def leftovers(self) -> tuple[Leftover, ...]:
        """Return everything here that carries a run's mark, containers first.

        An image is there, or was about to be, where the volume `marker_of` it is.
        """
        ...
