"""How runs of tasks end, by themselves or by others' hands."""

from __future__ import annotations

from asked_runs import NOON, new

from gitops.model.task_runs import (
    RunStatus,
    StepStatus,
    TaskStepRun,
)
from gitops.store.store import Store


def test_a_run_that_is_canceled_keeps_who_asked_first(store: Store) -> None:
    """Who asked for a run's end first is remembered, before it has ended and after."""
    run = store.task_runs.ask(new())
    assert store.task_runs.canceled(run) == ""
    assert store.task_runs.cancel(run, "bob")
    assert store.task_runs.cancel(run, "eve")
    assert store.task_runs.canceled(run) == "bob"
    store.task_runs.finish(run, RunStatus.CANCELED, "", NOON)
    assert store.task_runs.canceled(run) == "bob"


def test_no_run_is_named_by_nothing(store: Store) -> None:
    """An empty name is of no run, though every id begins with it: `gitops cancel ""` ends none."""
    store.task_runs.ask(new())
    assert store.task_runs.find("") is None


def test_a_clock_that_is_set_back_makes_no_negative_time(store: Store) -> None:
    """A run never ends before it began."""
    run = store.task_runs.ask(new())
    store.task_runs.begin(run, RunStatus.STARTED, NOON + 5)
    store.task_runs.finish(run, RunStatus.SUCCEEDED, "", NOON - 60)
    found = store.task_runs.find(run)
    assert found is not None
    assert found.ended == found.started == NOON + 5


def test_abandoned_runs_end_truthfully(store: Store) -> None:
    """Of runs whose process is gone, one that was to end is canceled, and another an error."""
    book = store.task_runs
    runs = [book.ask(new(number)) for number in range(2)]
    for run in runs:
        step = TaskStepRun(1, "a", "cmd", StepStatus.RUNNING, attempts=1, peak_memory=5, cpu=2.0)
        book.begin(run, RunStatus.RUNNING, NOON, (step,))
    book.cancel(runs[1], "bob")
    last = NOON + 7
    book.step(runs[0], step._replace(started=last))
    assert book.last_sign(runs[0]) == last
    assert book.abandon(runs) == 2
    error, canceled = (book.find(run) for run in runs)
    assert error is not None
    assert canceled is not None
    assert (error.status, error.message) == (RunStatus.ERROR, "the process ended without a word")
    assert (error.ended, error.peak_memory, error.cpu) == (last, 5, 2.0)
    assert canceled.status is RunStatus.CANCELED
    assert canceled.ended == NOON + 1
    assert "bob" in canceled.message
    (step,) = book.steps(runs[0])
    assert (step.status, step.ended) == (StepStatus.FAILED, last)
