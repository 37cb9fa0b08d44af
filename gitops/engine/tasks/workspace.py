"""The volumes that steps share: the workspace, and those that a task fills with secret files."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from io import BytesIO
from threading import Lock
from typing import BinaryIO, NamedTuple

from gitops.drivers.base import (
    BuildContext,
    DriverError,
    ErrorKind,
    RunMark,
    StepContainer,
    StepMount,
    TaskEngine,
)
from gitops.engine.tasks.belongings import Belongings
from gitops.engine.tasks.names import keeper_name, own_name, shared_volume
from gitops.engine.tasks.stage import RunContext, WorkspaceReader
from gitops.model.secret import Secret
from gitops.model.tasks import WORKSPACE, Task


class Tools(NamedTuple):
    """What the workspace is made and read with."""

    engine: TaskEngine
    belongings: Belongings
    mark: RunMark
    reader: WorkspaceReader


class Workspace:
    """Fills each shared volume once, through the first container that mounts it.

    Before any `cmd` step has begun nobody can have changed a file, so that builds read the context
    where it comes from; later ones read what the steps have left in the volume.
    """

    def __init__(self, tools: Tools, context: RunContext | None, task: Task) -> None:
        self._tools = tools
        self._context = context
        self._files = {own_name(tools.mark.run, one.name): one.files for one in task.volumes}
        self._filled: set[str] = set()
        self._lock = Lock()
        self._image = ""
        self._keeper = ""

    @property
    def begun(self) -> bool:
        """Say whether a step may have changed files."""
        return bool(self._image)

    def fill(self, container: StepContainer, identity: str) -> None:
        """Fill what this container mounts and nobody has filled; it has to be done before it runs.

        Other containers wait meanwhile: none may see half a context.
        """
        with self._lock:
            for mount in container.mounts:
                if mount.source not in self._filled and not mount.bind:
                    self._fill(mount, identity)
                    self._filled.add(mount.source)
            self._image = self._image or container.image

    def _fill(self, mount: StepMount, identity: str) -> None:
        upload = self._tools.engine.upload
        if mount.source == shared_volume(self._tools.mark.run):
            if self._context is not None:
                upload(identity, mount.path, self._context.write_to)
        elif files := self._files.get(mount.source):
            upload(identity, mount.path, lambda stream: _write_files(files, stream))

    def build(self, folder: str, dockerfile: str) -> AbstractContextManager[BuildContext]:
        """Give the context of a build."""
        if self.begun:
            return self._tools.reader.build(self._fetch, folder, dockerfile)
        return self._source(f"the build of {folder}").build(folder, dockerfile)

    def read(self, path: str) -> bytes:
        """Return a file as it is now."""
        if self.begun:
            return self._tools.reader.read(self._fetch, path)
        return self._source(f"the file {path}").read(path)

    def _source(self, what: str) -> RunContext:
        if self._context is None:
            raise DriverError(
                ErrorKind.MISSING,
                f"{what} needs files, and the run was given none",
                "name their folder or URL with --context",
            )
        return self._context

    @contextmanager
    def _fetch(self, path: str) -> Iterator[BinaryIO]:
        inside = f"{WORKSPACE}/{path}" if path else WORKSPACE
        with self._tools.engine.download(self._reading(), inside) as stream:
            yield stream

    def _reading(self) -> str:
        """Return a container that mounts the workspace, made of an image that is there anyway."""
        with self._lock:
            if not self._keeper:
                mark = self._tools.mark
                self._keeper = self._tools.belongings.create(
                    StepContainer(
                        name=keeper_name(mark.run),
                        image=self._image,
                        mark=mark,
                        command=("true",),
                        mounts=(StepMount(shared_volume(mark.run), WORKSPACE),),
                    )
                )
            return self._keeper


def _write_files(files: Mapping[str, Secret], stream: BinaryIO) -> None:
    """Write a volume's files: for every user of a container to read, for none to change."""
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for name, secret in files.items():
            content = secret.reveal().encode("latin-1")
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o444
            tar.addfile(info, BytesIO(content))
