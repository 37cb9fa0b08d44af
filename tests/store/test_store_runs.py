from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitops.model.address import Address
from gitops.model.outcomes import Done, Outcome, Retry, Skipped, Stalled, Superseded
from gitops.model.records import RunState, StepState
from gitops.store.database import Database
from gitops.store.faults import StoreError
from gitops.store.retention import KEPT_RUNS
from gitops.store.store import Store

SHOP = Address("WebApp", "shop")
NOON = 1_800_000_000.0

Begin = Callable[..., str]


def test_a_run_is_remembered_from_its_start(store: Store, begin: Begin) -> None:
    """A run that has begun is found with who, why and what, all of its steps pending."""
    run = begin()
    (record,) = store.runs.list("demo")
    assert record[1:] == (
        *("demo", "reconcile", "by hand", "ann@laptop", "lease-1", "laptop", "4711"),
        *(NOON, None, RunState.RUNNING, ""),
    )
    assert record.id == run
    assert run.startswith("20270115T080000-")
    assert store.runs.plan(run) == ("create network", '{"steps": 2}')
    steps = store.runs.steps(run)
    assert [(step.number, step.address, step.action, step.because) for step in steps] == [
        (1, SHOP, "CreateNetwork", "not there"),
        (2, SHOP, "CreateNetwork", "not there"),
    ]
    assert all(step[5:] == (StepState.PENDING, "", "", None, None) for step in steps)


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Done("made"), (StepState.DONE, "", "made")),
        (Retry("EngineGone", "refused"), (StepState.RETRY, "EngineGone", "refused")),
        (Stalled("BuildFailed", "exit 1"), (StepState.STALLED, "BuildFailed", "exit 1")),
        (Skipped(1), (StepState.SKIPPED, "", "step 1 did not end well")),
        (Superseded("commit 3f9c"), (StepState.SUPERSEDED, "", "given up for commit 3f9c")),
    ],
)
def test_a_step_is_remembered_as_it_ended(
    store: Store, begin: Begin, outcome: Outcome, told: tuple[object, ...]
) -> None:
    """Each outcome of a step is kept with its reason, its detail and both times."""
    run = begin()
    store.runs.begin_step(run, 2, NOON + 1)
    assert store.runs.steps(run)[1].state is StepState.RUNNING
    store.runs.end_step(run, 2, outcome, NOON + 2)
    first, second = store.runs.steps(run)
    assert second[5:] == (*told, NOON + 1, NOON + 2)
    assert first.state is StepState.PENDING


def test_a_finished_run_says_how_it_ended(store: Store, begin: Begin) -> None:
    """A run's end is kept with its message and time, and runs can be asked for by it."""
    failed, running = begin(), begin(NOON + 60)
    store.runs.finish(failed, RunState.FAILED, "1 step failed", NOON + 5)
    (record,) = store.runs.list("demo", state=RunState.FAILED)
    assert (record.id, record.message, record.ended) == (failed, "1 step failed", NOON + 5)
    assert [run.id for run in store.runs.list("demo", state=RunState.RUNNING)] == [running]


def test_runs_come_newest_first(store: Store, begin: Begin) -> None:
    """Runs are listed newest first, as many as asked for, of one project; ids sort the same."""
    runs = [begin(NOON + minute * 60) for minute in range(4)]
    begin(project="other")
    assert [run.id for run in store.runs.list("demo")] == runs[::-1]
    assert [run.id for run in store.runs.list("demo", limit=2)] == runs[:1:-1]
    assert sorted(runs) == runs


def test_runs_of_one_second_have_different_ids(store: Store, begin: Begin) -> None:
    """Many runs in the same second all get an id of their own."""
    assert len({begin() for _ in range(300)}) == 300
    assert len(store.runs.list("demo", limit=1000)) == 300


def test_a_run_is_found_by_the_start_of_its_id(store: Store, begin: Begin) -> None:
    """The start of an id is enough if it is the start of one; else the error names two."""
    first, second = begin(), begin(NOON + 86_400)
    assert store.runs.find(first) == store.runs.find(first[:9])
    assert store.runs.find("20270116") == store.runs.find(second)
    assert store.runs.find("1999") is None
    with pytest.raises(StoreError, match=f"'2027' begins.*{first} and {second}"):
        store.runs.find("2027")
    assert store.runs.find("2027%") is None


def test_an_abandoned_run_is_interrupted(store: Store, begin: Begin) -> None:
    """Runs whose process died end in their step, with the last that they wrote; others keep it."""
    dead, ended = begin(), begin()
    assert [one.id for one in store.runs.unended("demo")] == [ended, dead]
    store.runs.begin_step(dead, 1, NOON + 7)
    assert store.runs.last_sign(dead) == NOON + 7
    store.runs.finish(ended, RunState.CONVERGED, "", NOON + 1)
    assert store.runs.abandon([dead, ended]) == 1
    found = store.runs.find(dead)
    assert found is not None
    assert (found.state, found.ended) == (RunState.INTERRUPTED, NOON + 7)
    states = [step.state for step in store.runs.steps(dead)]
    assert states == [StepState.INTERRUPTED, StepState.PENDING]
    kept = store.runs.find(ended)
    assert kept is not None
    assert kept.state is RunState.CONVERGED


def test_the_latest_runs_are_kept(store: Store, begin: Begin, path: Path) -> None:
    """The end of a run forgets all but the latest 200 with their logs, never running ones."""
    unfinished = begin(NOON - 2)
    old = begin(NOON - 1)
    with store.runs.step_log(old, 1) as log:
        log.write("hello")
    foreign = begin(NOON - 9, project="other")
    runs = [begin(NOON + second) for second in range(KEPT_RUNS)]
    for run in (foreign, old, *runs):
        store.runs.finish(run, RunState.CONVERGED, "", NOON + 999)
    kept = [run.id for run in store.runs.list("demo", limit=1000)]
    assert kept == [*runs[::-1], unfinished]
    assert store.runs.steps(old) == ()
    assert Database(path).read("SELECT count(*) FROM log_lines") == [(0,)]
    assert store.runs.find(foreign) is not None


def test_a_run_outlives_its_database(store: Store, begin: Begin, path: Path) -> None:
    """Deleting the file in the middle of a run does not disturb the run."""
    run = begin()
    path.unlink()
    store.runs.begin_step(run, 1, NOON)
    with store.runs.step_log(run, 1) as log:
        log.write("hello")
    store.runs.end_step(run, 1, Done(), NOON)
    store.runs.finish(run, RunState.CONVERGED, "", NOON)
    assert store.runs.list("demo") == ()
