"""The workspace is filled once, before anybody sees it, unless the work is called off."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import BinaryIO, cast

import pytest
from support.memory_task_engine import MARK, MemoryEngine
from support.task_stage import SourceFiles, VolumeFiles

from gitops.drivers.base import DriverError, ErrorKind, StepContainer, StepMount
from gitops.engine.tasks.belongings import Belongings
from gitops.engine.tasks.names import shared_volume
from gitops.engine.tasks.stopping import Stop, StopFlag, Why
from gitops.engine.tasks.workspace import Tools, Workspace
from gitops.model.tasks import WORKSPACE, Task

OVER = Why(Stop.CANCELED, "canceled by ann")


class SlowEngine(MemoryEngine):
    """Takes files piece by piece, and calls `between` before each of them."""

    def __init__(self, between: Callable[[], None]) -> None:
        super().__init__()
        self.between = between
        self.pieces = 0

    def upload(self, container: str, path: str, write: Callable[[BinaryIO], None]) -> None:
        """Take them."""
        assert container in self.containers
        assert path == "/"
        write(cast("BinaryIO", self))

    def write(self, data: bytes) -> int:
        """Take one."""
        self.pieces += 1
        self.between()
        return len(data)


class EndlessFiles(SourceFiles):
    """Files without end."""

    def write_all(self, stream: BinaryIO, top: str) -> None:
        """Write until somebody stops it."""
        while True:
            stream.write(top.encode())


def container(engine: MemoryEngine, name: str, *, read_only: bool = False) -> StepContainer:
    """Return a container with the workspace that the engine has."""
    volume = shared_volume(MARK.run)
    engine.volumes.add(volume)
    mount = StepMount(volume, WORKSPACE)
    made = StepContainer(name, "busybox", MARK, mounts=(mount,), read_only=read_only)
    engine.containers[name] = made
    return made


def workspace(engine: MemoryEngine, files: SourceFiles) -> tuple[Workspace, Belongings]:
    """Return a workspace with these files, and what has to be cleared of it."""
    belongings = Belongings(engine, MARK)
    return Workspace(Tools(engine, belongings, MARK, VolumeFiles()), files, Task(())), belongings


def test_a_run_that_is_called_off_fills_no_further() -> None:
    """The flag is heeded in the middle of the files, however many there are."""
    flag = StopFlag()
    engine = SlowEngine(lambda: flag.stop(OVER) if engine.pieces == 3 else None)
    place, _ = workspace(engine, EndlessFiles())
    with pytest.raises(DriverError) as caught:
        place.fill(container(engine, "a"), "a", flag)
    assert caught.value.kind is ErrorKind.CANCELLED
    assert engine.pieces == 3


def test_a_step_that_waits_for_the_files_can_be_called_off() -> None:
    """While another step's container is being filled, a limit of time of this one is heeded."""
    own, other = StopFlag(), StopFlag()
    begun = threading.Event()
    engine = SlowEngine(begun.set)
    place, _ = workspace(engine, EndlessFiles())
    errors = list[ErrorKind]()

    def fill(name: str, flag: StopFlag) -> None:
        try:
            place.fill(container(engine, name), name, flag)
        except DriverError as error:
            errors.append(error.kind)

    first = threading.Thread(target=fill, args=("a", other))
    first.start()
    assert begun.wait(10)
    second = threading.Thread(target=fill, args=("b", own))
    second.start()
    own.stop(OVER)
    second.join(10)
    assert errors == [ErrorKind.CANCELLED]
    assert first.is_alive()
    other.stop(OVER)
    first.join(10)
    assert errors == [ErrorKind.CANCELLED] * 2


def test_a_container_that_may_write_nothing_is_filled_through_another() -> None:
    """An engine writes nothing at the top of a container that is read-only."""
    engine = MemoryEngine()
    place, belongings = workspace(engine, SourceFiles())
    place.fill(container(engine, "a", read_only=True), "a", StopFlag())
    assert engine.uploads == [("/", {"workspace/code.txt": b"code"})]
    assert [one.name for one in engine.made] == ["gitops-r1.filler"]
    engine.remove("a")
    assert not belongings.clear()
