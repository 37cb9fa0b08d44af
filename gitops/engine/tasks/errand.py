"""A run from being asked for to its end: its turn, its task, its steps, its record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Event, Thread
from typing import NamedTuple

from gitops.drivers.base import Cancel, DriverError, ErrorKind
from gitops.engine.tasks.ports import Queue, TaskBook, Ticket
from gitops.engine.tasks.runner import run_task
from gitops.engine.tasks.stage import Stage
from gitops.engine.tasks.states import Result
from gitops.engine.tasks.stopping import Stop, StopFlag, heeding
from gitops.engine.tasks.voice import Voice
from gitops.model.shown import plain_lines
from gitops.model.task_runs import NewTaskRun, RunStatus, TaskRun
from gitops.model.tasks import Task

_START = 0.2
"""Seconds that the first step has to begin: until then the processors are its own."""


class UnreadableError(ValueError):
    """The text of a task is wrong; the message has a line for each finding."""


class Errand(NamedTuple):
    """What is to be run. `read` renders the task with the run's id, or raises `UnreadableError`.

    `open` gives the stage, with the files of the run, for as long as it is needed.
    """

    new: NewTaskRun
    read: Callable[[str], Task]
    open: Callable[[str, StopFlag], AbstractContextManager[Stage]]
    priority: int = 0


class Office(NamedTuple):
    """Where runs are asked for. `told` hears the run's id, and why it waits.

    `sweep` takes away what dead runs have left, and says in words what that was.
    """

    book: TaskBook
    queue: Queue
    clock: Callable[[], float]
    told: Callable[[str, str], None]
    sweep: Callable[[], tuple[str, ...]]


class Report(NamedTuple):
    """The record of a run that has ended, and how its steps did."""

    run: TaskRun
    result: Result


def carry_out(errand: Errand, office: Office, cancel: Cancel) -> Report:
    """Ask for a run, wait for its turn, run it and remember its end. Nothing of it stays.

    Raises `DriverError` only when the run could not even be remembered.
    """
    run = office.book.ask(errand.new)
    office.told(run, "")
    result = Result(RunStatus.ERROR, "the program broke off while it was at work")
    began: list[float] = []
    try:
        with heeding(run, office.book, cancel, errand.new.owner) as flag:
            result = _in_turn(run, errand, office, flag, began)
    except Exception as error:
        why = str(error) or type(error).__name__
        result = result._replace(message=f"the program broke off while it was at work: {why}")
        raise
    finally:
        ended, result = office.clock(), result._replace(message=plain_lines(result.message))
        office.book.finish(run, result.status, result.message, ended)
    return Report(_record(run, errand.new, result, began[0] if began else None, ended), result)


def _in_turn(
    run: str, errand: Errand, office: Office, flag: StopFlag, began: list[float]
) -> Result:
    new = errand.new
    ticket = Ticket(run, new.project, new.task, errand.priority, new.created, new.host, new.process)

    def waits(why: str) -> None:
        office.book.waits(run, why)
        office.told(run, why)

    try:
        with office.queue.turn(ticket, flag, waits):
            began.append(office.clock())
            office.book.begin(run, RunStatus.STARTED, began[0])
            with errand.open(run, flag) as stage, _sweeping(office, Voice(stage.records)):
                return run_task(errand.read(run), stage)
    except UnreadableError as error:
        return Result(RunStatus.FAILED, str(error))
    except DriverError as error:
        if error.kind is ErrorKind.CANCELLED or flag.is_set():
            return _stopped(flag, error)
        return Result(RunStatus.ERROR, str(error))


def _stopped(flag: StopFlag, error: DriverError) -> Result:
    why = flag.why
    canceled = why is None or why.kind is Stop.CANCELED
    status = RunStatus.CANCELED if canceled else RunStatus.TIMEOUT
    return Result(status, why.text if why else str(error))


@contextmanager
def _sweeping(office: Office, voice: Voice) -> Iterator[None]:
    """Take away what dead runs have left while the first step is at work."""
    ended = Event()
    thread = Thread(target=_sweep, args=(office, voice, ended), name="sweep")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _sweep(office: Office, voice: Voice, ended: Event) -> None:
    ended.wait(_START)
    try:
        for line in office.sweep():
            voice.remark(f"left by a run whose process died: {line}")
    except DriverError as error:
        # The run itself meets the same engine, and says so of its own steps.
        voice.remark(f"what dead runs have left could not be looked for: {error}")


def _record(
    run: str, new: NewTaskRun, result: Result, started: float | None, ended: float
) -> TaskRun:
    return TaskRun(
        id=run,
        project=new.project,
        task=new.task,
        type=new.type,
        status=result.status,
        causes=new.causes,
        message=result.message,
        commit=new.commit,
        branch=new.branch,
        url=new.url,
        fingerprint=new.fingerprint,
        platform=new.platform,
        owner=new.owner,
        host=new.host,
        process=new.process,
        created=new.created,
        started=started,
        ended=ended,
        peak_memory=max((step.peak_memory for step in result.steps), default=0),
        cpu=sum(step.cpu for step in result.steps),
    )
