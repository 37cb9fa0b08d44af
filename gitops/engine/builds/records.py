"""The records of images that a plan makes: opened by a build, closed by the push that follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import NamedTuple

from gitops.drivers.base import Cancel, DriverError, ErrorKind, Output
from gitops.engine.builds.attesting import Making
from gitops.engine.tasks.ports import Queue, TaskBook, Ticket
from gitops.model.image import ImageRef, registry_of
from gitops.model.lease import Lease
from gitops.model.shown import plain_lines
from gitops.model.task_runs import (
    Cause,
    CauseKind,
    NewTaskRun,
    OutputImage,
    Retention,
    RunStatus,
    RunType,
    StepStatus,
    TaskStepRun,
)
from gitops.model.task_snapshots import BuildSnapshot
from gitops.plan.builds.reasons import urgent
from gitops.plan.encoding import encode

Pushed = Callable[[str], None]
"""Takes the digest that a registry gave."""

_BUILD = TaskStepRun(1, "build", "build")
_PUSH = TaskStepRun(2, "push", "push")


class Registrar(NamedTuple):
    """What records are kept with. `lease` says who works."""

    book: TaskBook
    queue: Queue
    clock: Callable[[], float]
    lease: Lease
    project: str
    redact: Callable[[str], str]


class BuildRuns:
    """The runs of one plan that wait for their push, by image."""

    def __init__(self, registrar: Registrar) -> None:
        self._with = self.registrar = registrar
        self._lock = Lock()
        self._open: dict[str, str] = {}
        self._made: dict[str, Making] = {}

    def ask(self, snapshot: BuildSnapshot, causes: tuple[Cause, ...], kind: RunType) -> str:
        """Remember a run that is wanted; return its id."""
        return self._with.book.ask(self.wanted(snapshot, causes, kind))

    def wanted(
        self, snapshot: BuildSnapshot, causes: tuple[Cause, ...], kind: RunType
    ) -> NewTaskRun:
        """Return a run as it is asked for."""
        image, source, keep = snapshot.image, snapshot.source, snapshot.task.keep
        lease = self._with.lease
        return NewTaskRun(
            project=self._with.project,
            task=image.task.name,
            type=kind,
            causes=causes or (Cause(CauseKind.CONFIG, "first run"),),
            snapshot=encode(snapshot),
            created=self._with.clock(),
            owner=lease.owner,
            host=lease.host,
            process=lease.process,
            commit=image.commit,
            branch=source.branch,
            url=source.url,
            fingerprint=image.fingerprint,
            retention=Retention(keep.succeeded, keep.failed, keep.age),
        )

    @contextmanager
    def turn(
        self,
        run: str,
        task: str,
        causes: tuple[Cause, ...],
        cancel: Cancel,
        told: Callable[[str], None] | None = None,
    ) -> Iterator[None]:
        """Wait for the turn of a run; the record, and `told`, say at which place it is."""

        def waits(why: str) -> None:
            self._with.book.waits(run, why)
            if told is not None:
                told(why)

        lease = self._with.lease
        ticket = Ticket(
            run, self._with.project, task, int(urgent(causes)), self._with.clock(), lease.host,
            lease.process,
        )  # fmt: skip
        with self._with.queue.turn(ticket, cancel, waits):
            self._with.book.begin(run, RunStatus.STARTED, self._with.clock())
            yield

    @contextmanager
    def building(self, run: str, image: ImageRef, show: Output) -> Iterator[Output]:
        """Remember a build while it happens; give the place for its lines, which `show` gets too.

        A build that went well leaves the run open for its push; of one that did not, `failed` has
        to be told.
        """
        self._with.book.begin(run, RunStatus.RUNNING, self._with.clock(), (_BUILD, _PUSH))
        with self._step(run, _BUILD, show) as line:
            yield line
        with self._lock:
            self._open[str(image)] = run

    def made(self, making: Making) -> None:
        """Remember how an image came to be, for the documents that go with its push."""
        with self._lock:
            self._made[str(making.snapshot.image.ref)] = making

    def making(self, image: ImageRef) -> Making | None:
        """Return how an image came to be, if documents belong to it and this plan made it."""
        with self._lock:
            return self._made.get(str(image))

    @contextmanager
    def pushing(
        self, image: ImageRef, outputs: tuple[Output, Output]
    ) -> Iterator[tuple[Output, Pushed]]:
        """Remember the push of an image that this plan built; give the place for its lines, and
        what takes the digest. Of an image that it did not build nothing is remembered here.

        `outputs` take lines: the first remembers them, the second only shows what is remembered.
        """
        output, show = outputs
        with self._lock:
            run = self._open.pop(str(image), "")
        if not run:
            yield output, lambda _digest: None
            return

        def pushed(digest: str) -> None:
            host, path = registry_of(image.repository)
            self._with.book.pushed(run, OutputImage(host, path, image.tag, digest))

        try:
            with self._step(run, _PUSH, show) as line:
                yield line, pushed
        except DriverError as error:
            self.failed(run, error)
            raise
        self._with.book.finish(run, RunStatus.SUCCEEDED, "", self._with.clock())

    @contextmanager
    def _step(self, run: str, step: TaskStepRun, show: Output) -> Iterator[Output]:
        book, now = self._with.book, self._with.clock
        began = step._replace(status=StepStatus.RUNNING, attempts=1, started=now())
        book.step(run, began)
        log = book.log(run)

        def line(text: str) -> None:
            log.write(step.number, f"{self._with.redact(text)}\n")
            show(text)

        try:
            yield line
        except DriverError as error:
            told = plain_lines(self._with.redact(str(error)))
            failed = began._replace(status=StepStatus.FAILED, message=told, ended=now())
            book.step(run, failed)
            raise
        finally:
            log.close()
        book.step(run, began._replace(status=StepStatus.SUCCEEDED, ended=now()))

    def failed(self, run: str, error: DriverError, why: str = "") -> None:
        """Remember the end of a run that did not come to its end by itself; `why` was it stopped,
        if it was.
        """
        told = plain_lines(self._with.redact(why or str(error)))
        self._with.book.finish(run, _status(error), told, self._with.clock())

    def close(self) -> None:
        """Remember the end of runs whose push never came."""
        with self._lock:
            left, self._open = dict(self._open), {}
        for run in left.values():
            why = "it was built, and not pushed: something newer is wanted, or a step before failed"
            self._with.book.finish(run, RunStatus.CANCELED, why, self._with.clock())


def _status(error: DriverError) -> RunStatus:
    if error.kind is ErrorKind.CANCELLED:
        return RunStatus.CANCELED
    if error.kind is ErrorKind.TIMEOUT:
        return RunStatus.TIMEOUT
    return (
        RunStatus.FAILED if error.kind in (ErrorKind.FAILED, ErrorKind.INVALID) else RunStatus.ERROR
    )
