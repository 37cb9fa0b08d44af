"""A stage for runs of tasks whose engine, book and builder are in memory."""

# ruff: noqa: D102 - the protocols say what each method does

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from io import BytesIO
from typing import BinaryIO, NamedTuple

from support.memory_task_engine import MARK, Act, MemoryEngine

from gitops.drivers.base import (
    BuildContext,
    BuildJob,
    Cancel,
    DriverError,
    ErrorKind,
    Output,
)
from gitops.engine.tasks.stage import Inputs, Records, Screen, Stage, Work
from gitops.engine.tasks.stopping import StopFlag
from gitops.model.task_runs import NewTaskRun, OutputImage, RunStatus, TaskStepRun


class MemoryBuilder:
    """A `Builder` whose builds always succeed, and are remembered."""

    name, warning = "memory", ""

    def __init__(self, engine: MemoryEngine) -> None:
        self.engine = engine
        self.jobs: list[BuildJob] = []
        self.contexts: list[str] = []
        self.texts: list[str] = []
        self.errors: list[DriverError] = []
        self.says: list[str] = []

    def build(self, job: BuildJob, context: BuildContext, output: Output, cancel: Cancel) -> None:
        assert not cancel.is_set()
        self.jobs.append(job)
        self.contexts.append(context.dockerfile)
        self.texts.append(getattr(context, "text", ""))
        if self.errors:
            raise self.errors.pop(0)
        for line in self.says:
            output(line)
        output("built")
        names = [str(job.image), *job.tags]
        self.engine.images |= dict.fromkeys(names, f"id-{len(self.jobs)}")


class MemoryLog:
    """A `TaskLog` that keeps blocks, and a `TaskBook` of one run."""

    def __init__(self) -> None:
        self.blocks: list[tuple[int, str]] = []

    def write(self, step: int, text: str) -> None:
        assert text.endswith("\n")
        self.blocks.append((step, text))

    def close(self) -> None:
        """Nothing is held back."""

    @property
    def text(self) -> str:
        """Return everything that was said."""
        return "".join(text for _, text in self.blocks)


class MemoryBook:
    """A `TaskBook` of one run."""

    def __init__(self) -> None:
        self.asked: list[NewTaskRun] = []
        self.states: list[RunStatus] = []
        self.steps: list[TaskStepRun] = []
        self.images: list[OutputImage] = []
        self.waiting: list[str] = []
        self.ends: list[tuple[RunStatus, str]] = []
        self.canceler = ""
        self.built_on: dict[str, str] = {}
        self.written = MemoryLog()

    def ask(self, new: NewTaskRun) -> str:
        self.asked.append(new)
        return MARK.run

    def waits(self, run: str, message: str) -> None:
        assert run == MARK.run
        self.waiting.append(message)

    def begin(
        self, run: str, status: RunStatus, now: float, steps: Sequence[TaskStepRun] = ()
    ) -> None:
        assert run == MARK.run
        assert now
        self.states.append(status)
        self.steps.extend(steps)

    def step(self, run: str, step: TaskStepRun) -> None:
        assert run == MARK.run
        self.steps.append(step)

    def log(self, run: str) -> MemoryLog:
        assert run == MARK.run
        return self.written

    def pushed(self, run: str, image: OutputImage) -> None:
        assert run == MARK.run
        self.images.append(image)

    def based(self, run: str, bases: Mapping[str, str]) -> None:
        assert run == MARK.run
        self.built_on |= bases

    def bases(self, run: str) -> Mapping[str, str]:
        assert run == MARK.run
        return self.built_on

    def finish(self, run: str, status: RunStatus, message: str, now: float) -> None:
        assert run == MARK.run
        assert now
        self.ends.append((status, message))

    def interrupted(self, run: str, owner: str) -> None:
        assert run == MARK.run
        self.canceler = owner

    def canceled(self, run: str) -> str:
        assert run == MARK.run
        return self.canceler


class _Files(NamedTuple):
    dockerfile: str
    text: str = "FROM busybox\n"

    def rewritten(self, text: str) -> _Files:
        return self._replace(text=text)

    def write_to(self, stream: BinaryIO) -> None:
        stream.write(b"\0" * 1024)


class SourceFiles:
    """A `RunContext` with one file; a build of it is named `source:<Dockerfile>`."""

    def write_all(self, stream: BinaryIO, top: str) -> None:
        with tarfile.open(fileobj=stream, mode="w|") as tar:
            info = tarfile.TarInfo(f"{top}/code.txt")
            info.size = 4
            tar.addfile(info, BytesIO(b"code"))

    @contextmanager
    def build(self, folder: str, dockerfile: str) -> Iterator[_Files]:
        yield _Files(f"source:{folder}:{dockerfile}")

    def read(self, path: str) -> bytes:
        return f"source of {path}".encode()


class VolumeFiles:
    """A `WorkspaceReader` whose builds are named `volume:<Dockerfile>`."""

    @contextmanager
    def build(self, fetch: object, folder: str, dockerfile: str) -> Iterator[_Files]:
        assert fetch
        yield _Files(f"volume:{folder}:{dockerfile}")

    def read(self, fetch: object, path: str) -> bytes:
        assert fetch
        return f"volume of {path}".encode()


def no_remote(url: str, dockerfile: str, cancel: Cancel) -> AbstractContextManager[BuildContext]:
    """Refuse: no test here reaches out."""
    assert not cancel.is_set()
    raise DriverError(ErrorKind.UNREACHABLE, f"{url} {dockerfile}")


class Set(NamedTuple):
    """All the parts of a stage that a test looks at."""

    stage: Stage
    engine: MemoryEngine
    builder: MemoryBuilder
    book: MemoryBook


def stage_of(
    acts: Mapping[str, Act | Sequence[Act]] | None = None, inputs: Inputs | None = None
) -> Set:
    """Return a stage whose containers do what `acts` say, by step."""
    engine, book = MemoryEngine(acts), MemoryBook()
    builder = MemoryBuilder(engine)
    records = Records(
        book,
        book.written,
        lambda text: text.replace("hunter2", "***"),
        Screen(lambda *_: None, lambda *_: None),
        lambda: 1.0,
    )
    work = Work(engine, lambda: builder, no_remote, VolumeFiles())
    stage = Stage(MARK, work, records, StopFlag(), inputs or Inputs(context=SourceFiles()))
    return Set(stage, engine, builder, book)
