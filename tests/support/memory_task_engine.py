"""A `TaskEngine` in memory, whose containers do what a test says."""

# ruff: noqa: D102 - the protocol says what each method does

from __future__ import annotations

import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO

from gitops.drivers.base import (
    Cancel,
    DriverError,
    ErrorKind,
    Leftover,
    Output,
    RunMark,
    Sink,
    StepContainer,
    StepEnd,
    StepImage,
)

MARK = RunMark("r1", "shop", "host", "1:2")
Act = Callable[[StepContainer, Sink, Cancel], StepEnd]


def ends(_container: StepContainer, _sink: Sink, _cancel: Cancel) -> StepEnd:
    """End well at once."""
    return StepEnd(0)


def until_stopped(_container: StepContainer, _sink: Sink, cancel: Cancel) -> StepEnd:
    """Run until killed."""
    if not cancel.wait(20):
        raise AssertionError("nobody stopped it")
    return StepEnd(137, given_up=True)


def fails(code: int, text: str = "") -> Act:
    """End with an exit code after some output."""

    def act(_container: StepContainer, sink: Sink, _cancel: Cancel) -> StepEnd:
        if text:
            sink(f"{text}\n")
        return StepEnd(code)

    return act


class MemoryEngine:
    """A `TaskEngine` that remembers what it holds; `acts` say what a step's container does."""

    def __init__(self, acts: Mapping[str, Act | Sequence[Act]] | None = None) -> None:
        self.acts = {
            name: [act] if callable(act) else list(act) for name, act in (acts or {}).items()
        }
        self.lock = threading.Lock()
        self.made: list[StepContainer] = []
        self.began: list[str] = []
        self.containers: dict[str, StepContainer] = {}
        self.volumes: set[str] = set()
        self.networks: set[str] = set()
        self.images: dict[str, str] = {}
        self.digests: dict[str, str] = {}
        self.uploads: list[tuple[str, dict[str, bytes]]] = []
        self.pulled: list[str] = []
        self.pushes: list[str] = []
        self.rooms: list[int] = []
        self.broken: dict[str, list[DriverError]] = {}

    def _fault(self, call: str) -> None:
        with self.lock:
            errors = self.broken.get(call, [])
            if errors:
                raise errors.pop(0)

    def provide(self, image: StepImage, output: Output, cancel: Cancel) -> None:
        _heed(cancel)
        self._fault("provide")
        self.pulled.append(f"{image.name} fresh" if image.fresh else image.name)
        output(f"have {image.name}")

    def create(self, container: StepContainer) -> str:
        with self.lock:
            if container.name in self.containers:
                raise DriverError(ErrorKind.CONFLICT, f"{container.name} is taken")
            missing = {one.source for one in container.mounts if not one.bind} - self.volumes
            assert not missing
            self.containers[container.name] = container
            self.made.append(container)
        self._fault("create")
        return container.name

    def run(self, container: str, sink: Sink, cancel: Cancel) -> StepEnd:
        made = self.containers[container]
        step = container.removeprefix("gitops-r1-")
        with self.lock:
            self.began.append(step)
            acts = self.acts.get(step, [ends])
            act = acts.pop(0) if len(acts) > 1 else acts[0]
        return act(made, sink, cancel)

    def detach(self, container: str, sink: Sink, ended: Callable[[int], None]) -> None:
        assert ended
        self.began.append(container.removeprefix("gitops-r1-"))
        sink("detached\n")

    def room(self, run: str, cancel: Cancel) -> int:
        assert run == MARK.run
        _heed(cancel)
        self._fault("room")
        return self.rooms.pop(0) if len(self.rooms) > 1 else self.rooms[0]

    def remove(self, container: str) -> None:
        self._fault("remove")
        with self.lock:
            self.containers.pop(container, None)

    def create_network(self, name: str, driver: str, mark: RunMark, *, ipv6: bool = False) -> None:
        assert driver == "bridge"
        assert mark == MARK
        assert not ipv6
        self.networks.add(name)
        self._fault("create_network")

    def remove_network(self, name: str) -> None:
        self.networks.discard(name)

    def create_volume(self, name: str, mark: RunMark) -> None:
        assert mark == MARK
        self.volumes.add(name)

    def remove_volume(self, name: str) -> None:
        assert not [one for one in self.containers.values() if name in str(one.mounts)]
        self._fault("remove_volume")
        self.volumes.discard(name)

    def upload(self, container: str, path: str, write: Callable[[BinaryIO], None]) -> None:
        assert container in self.containers
        stream = BytesIO()
        write(stream)
        stream.seek(0)
        with tarfile.open(fileobj=stream) as tar:
            found = {one.name: _content(tar, one) for one in tar if one.isfile()}
        self.uploads.append((path, found))

    @contextmanager
    def download(self, container: str, path: str) -> Iterator[BinaryIO]:
        assert container in self.containers
        raise DriverError(ErrorKind.MISSING, f"{path} is not there")
        yield BytesIO()

    def tag(self, image: str, name: str) -> None:
        assert image in self.images
        self.images[name] = self.images[image]

    def untag(self, image: str) -> None:
        self.images.pop(image, None)

    def has(self, image: str) -> bool:
        return image in self.images

    def identity(self, image: str) -> str:
        return self.images.get(image, "")

    def digest(self, image: str) -> str:
        return self.digests.get(image, "")

    def push(self, image: str, output: Output, cancel: Cancel) -> str:
        _heed(cancel)
        self.pushes.append(image)
        self._fault("push")
        output(f"pushed {image}")
        return "sha256:" + "a" * 64

    def leftovers(self) -> tuple[Leftover, ...]:
        return ()

    @property
    def empty(self) -> bool:
        """Say whether nothing of any run is left."""
        return not (self.containers or self.volumes or self.networks)


def _heed(cancel: Cancel) -> None:
    if cancel.is_set():
        raise DriverError(ErrorKind.CANCELLED, "called off")


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(member)
    assert stream
    return stream.read()
