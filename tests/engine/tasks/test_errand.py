from __future__ import annotations

# ruff: noqa: D102 - the protocols say what each method does
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

import pytest
from support.memory_task_engine import MARK, fails, until_stopped
from support.task_stage import Set, stage_of

from gitops.drivers.base import Cancel, DriverError, ErrorKind, Sink, StepContainer, StepEnd
from gitops.engine.tasks.errand import Errand, Office, Report, UnreadableError, carry_out
from gitops.engine.tasks.ports import Ticket
from gitops.engine.tasks.stage import Stage
from gitops.engine.tasks.stopping import StopFlag
from gitops.model.task_runs import Cause, CauseKind, NewTaskRun, RunStatus, RunType
from gitops.model.tasks import RunLine, Task, TaskStep

NEW = NewTaskRun(
    "shop", "", RunType.QUICK_RUN, (Cause(CauseKind.MANUAL),), "", 1.0, "ann", "host", "1:2"
)
TASK = Task((TaskStep("a", 1, RunLine("busybox")),))


class OpenQueue:
    """A queue in which it is everybody's turn, after a word."""

    @contextmanager
    def turn(self, ticket: Ticket, cancel: Cancel, told: Callable[[str], None]) -> Iterator[None]:
        assert ticket.run == MARK.run
        assert not cancel.is_set()
        told("place 1")
        yield


class ClosedQueue:
    """A queue in which it is nobody's turn."""

    @contextmanager
    def turn(self, ticket: Ticket, cancel: Cancel, told: Callable[[str], None]) -> Iterator[None]:
        told(f"place 9 of {ticket.project}")
        assert cancel.wait(20)
        raise DriverError(ErrorKind.CANCELLED, "given up")
        yield


def carried(
    made: Set,
    *,
    queue: OpenQueue | ClosedQueue | None = None,
    read: Callable[[str], Task] = lambda _run: TASK,
    cancel: Event | None = None,
    sweep: Callable[[], tuple[str, ...]] = tuple,
) -> Report:
    """Carry out an errand on a stage in memory."""

    @contextmanager
    def opened(run: str, flag: StopFlag) -> Iterator[Stage]:
        assert run == MARK.run
        yield made.stage._replace(flag=flag)

    told: list[str] = []
    office = Office(
        made.book,
        queue or OpenQueue(),
        lambda: 1.0,
        lambda run, why: told.append(f"{run} {why}"),
        sweep,
    )
    report = carry_out(Errand(NEW, read, opened), office, cancel or Event())
    assert told[0] == "r1 "
    return report


def test_a_run_goes_through_its_states() -> None:
    """A run is asked for, waits, is started, runs and ends; its record says so."""
    made = stage_of()
    report = carried(made)
    assert made.book.waiting == ["place 1"]
    assert made.book.states == [RunStatus.STARTED, RunStatus.RUNNING]
    assert made.book.ends == [(RunStatus.SUCCEEDED, "")]
    assert (report.run.id, report.run.status, report.run.owner) == ("r1", "Succeeded", "ann")


def test_a_failed_run_is_remembered_with_its_message() -> None:
    """The record of a failed run holds the step and its exit code."""
    made = stage_of({"a": fails(2)})
    assert carried(made).run.status is RunStatus.FAILED
    assert made.book.ends == [(RunStatus.FAILED, "step a failed: exit code 2")]


def test_a_text_that_is_wrong_fails_the_run() -> None:
    """A task that cannot be read ends the run as Failed, with what is wrong; no step begins."""

    def read(run: str) -> Task:
        raise UnreadableError(f"acb.yaml:1:1: no steps in {run}")

    made = stage_of()
    carried(made, read=read)
    assert made.book.ends == [(RunStatus.FAILED, "acb.yaml:1:1: no steps in r1")]
    assert not made.engine.began


def test_a_person_cancels_a_run_at_work() -> None:
    """When the book says that somebody asked, the steps are killed, and the record names who."""
    made = stage_of()

    def asked(container: StepContainer, sink: Sink, cancel: Cancel) -> StepEnd:
        made.book.canceler = "ann@desk"
        return until_stopped(container, sink, cancel)

    made.engine.acts["a"] = [asked]
    carried(made)
    assert made.book.ends == [(RunStatus.CANCELED, "canceled by ann@desk")]
    assert made.engine.empty


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_queued_run_can_be_canceled(*, by_hand: bool) -> None:
    """A run that waits ends as Canceled, by Ctrl-C or by a wish, and never begins."""
    made, cancel = stage_of(), Event()
    if by_hand:
        cancel.set()
    else:
        made.book.canceler = "bob"
    carried(made, queue=ClosedQueue(), cancel=cancel)
    assert made.book.ends == [(RunStatus.CANCELED, "interrupted" if by_hand else "canceled by bob")]
    assert made.book.states == []


def test_leftovers_are_swept_and_told() -> None:
    """Each run takes away what dead runs left, and says in its log what that was."""
    made = stage_of()
    carried(made, sweep=lambda: ("container x of run r0",))
    assert "container x of run r0" in made.book.written.text


def test_a_sweep_that_fails_fails_no_run() -> None:
    """An engine that cannot be looked at for leftovers is noted, and the steps decide."""

    def sweep() -> tuple[str, ...]:
        raise DriverError(ErrorKind.FAILED, "no list")

    made = stage_of()
    assert carried(made, sweep=sweep).run.status is RunStatus.SUCCEEDED
    assert "no list" in made.book.written.text


def test_a_fault_of_the_program_is_remembered_as_an_error() -> None:
    """When this program breaks off, the run's record still gets an end."""

    def breaks(_container: StepContainer, _sink: Sink, _cancel: Cancel) -> StepEnd:
        raise ZeroDivisionError("no more")

    made = stage_of({"a": breaks})
    with pytest.raises(ZeroDivisionError):
        carried(made)
    message = "the program broke off while it was at work: no more"
    assert made.book.ends == [(RunStatus.ERROR, message)]
    assert made.engine.empty
