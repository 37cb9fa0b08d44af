"""The volumes that steps share: the workspace, and those that a task fills with secret files."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from io import BytesIO
from threading import Lock
from typing import BinaryIO, NamedTuple, cast

from gitops.drivers.base import (
    Cancel,
    DriverError,
    ErrorKind,
    ReadContext,
    RunMark,
    StepContainer,
    StepMount,
    TaskEngine,
)
from gitops.engine.tasks.belongings import Belongings
from gitops.engine.tasks.names import (
    filler_name,
    home_volume,
    keeper_name,
    own_name,
    shared_volume,
)
from gitops.engine.tasks.stage import RunContext, WorkspaceReader
from gitops.engine.tasks.stopping import GLANCE
from gitops.model.secret import Secret
from gitops.model.tasks import HOME, WORKSPACE, Task, TaskStep


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

    def fill(self, container: StepContainer, identity: str, cancel: Cancel) -> None:
        """Fill what this container mounts and nobody has filled; it has to be done before it runs.

        Other containers wait meanwhile: none may see half a context. Raises CANCELLED, in the
        middle of it too, when `cancel` is raised.
        """
        with self._held(cancel):
            for mount in container.mounts:
                if mount.source not in self._filled and not mount.bind:
                    if mount.read_only or container.read_only:
                        self._fill_apart(mount, container.image, cancel)
                    else:
                        self._fill(mount, identity, cancel)
                    self._filled.add(mount.source)
            shared = shared_volume(self._tools.mark.run)
            if any(mount.source == shared for mount in container.mounts):
                self._image = self._image or container.image

    @contextmanager
    def _held(self, cancel: Cancel) -> Iterator[None]:
        while not self._lock.acquire(timeout=GLANCE):
            if cancel.is_set():
                raise _of_no_use()
        try:
            yield
        finally:
            self._lock.release()

    def fill_ahead(self, images: Iterable[str], given_up: Cancel) -> None:
        """Fill the shared workspace before any step mounts it, through a container of any image.

        Steps that want it wait meanwhile. What goes wrong is left for them to meet.
        """
        context, mark = self._context, self._tools.mark
        shared = shared_volume(mark.run)
        with self._lock, suppress(DriverError, OSError):
            filler = None if shared in self._filled else self._filler(images)
            if filler is None or context is None:
                return
            try:
                self._upload(filler, WORKSPACE, context, given_up)
                self._filled.add(shared)
            finally:
                self._tools.belongings.discard(filler_name(mark.run))

    def _filler(self, images: Iterable[str]) -> str | None:
        mark = self._tools.mark
        # The home is made on the way: the first step mounts both.
        mounts = (
            StepMount(shared_volume(mark.run), WORKSPACE),
            StepMount(home_volume(mark.run), HOME),
        )
        for image in dict.fromkeys(images):
            try:
                return self._apart(image, mounts)
            except DriverError as error:
                if error.kind is not ErrorKind.MISSING:
                    raise
        return None

    def _apart(self, image: str, mounts: tuple[StepMount, ...]) -> str:
        """Create a container that is never started, for its mounts alone; return its id."""
        mark = self._tools.mark
        container = StepContainer(
            filler_name(mark.run), image, mark, ("true",), network="none", mounts=mounts
        )
        return self._tools.belongings.create(container)

    def _fill_apart(self, mount: StepMount, image: str, cancel: Cancel) -> None:
        """Fill what its first container may only read, through which the engine writes nothing."""
        filler = self._apart(image, (mount._replace(read_only=False),))
        try:
            self._fill(mount, filler, cancel)
        finally:
            self._tools.belongings.discard(filler_name(self._tools.mark.run))

    def _fill(self, mount: StepMount, identity: str, cancel: Cancel) -> None:
        if mount.source == shared_volume(self._tools.mark.run):
            if self._context is not None:
                self._upload(identity, mount.path, self._context, cancel)
        elif files := self._files.get(mount.source):
            write = partial(_write_files, files)
            self._tools.engine.upload(identity, mount.path, write)

    def _upload(self, identity: str, path: str, context: RunContext, cancel: Cancel) -> None:
        """Write all files, or end in the middle of them when it is no longer of use.

        From the container's top: a link that leads out of the folder that is unpacked is refused.
        """
        top = path.strip("/")

        def write(stream: BinaryIO) -> None:
            context.write_all(cast("BinaryIO", _Stoppable(stream, cancel)), top)

        self._tools.engine.upload(identity, "/", write)

    def build(self, folder: str, dockerfile: str) -> AbstractContextManager[ReadContext]:
        """Give the context of a build."""
        if self.begun:
            return self._tools.reader.build(self._fetch, folder, dockerfile)
        return self._source(f"the build of {folder}").build(folder, dockerfile)

    def read(self, path: str) -> bytes:
        """Return a file as it is now."""
        if self.begun:
            return self._tools.reader.read(self._fetch, path)
        return self._source(f"the file {path}").read(path)

    def secret(self, step: TaskStep, path: str) -> Secret | None:
        """Return a file of a volume that a step mounts; none when its path is not below one."""
        for mount in step.mounts:
            if path.startswith(f"{mount.path}/"):
                files = self._files[own_name(self._tools.mark.run, mount.name)]
                return files.get(path.removeprefix(f"{mount.path}/"))
        return None

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


class _Stoppable(NamedTuple):
    """A stream that takes nothing more when its flag is raised."""

    stream: BinaryIO
    flag: Cancel

    def write(self, data: bytes) -> int:
        """Write, or raise CANCELLED."""
        if self.flag.is_set():
            raise _of_no_use()
        return self.stream.write(data)


def _of_no_use() -> DriverError:
    return DriverError(ErrorKind.CANCELLED, "the workspace is of no more use")


def _write_files(files: Mapping[str, Secret], stream: BinaryIO) -> None:
    """Write a volume's files: for every user of a container to read, for none to change."""
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for name, secret in files.items():
            content = secret.reveal().encode("latin-1")
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o444
            tar.addfile(info, BytesIO(content))
