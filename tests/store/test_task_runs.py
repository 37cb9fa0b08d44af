from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from asked_runs import COMMIT, NOON, ended, new

from gitops.model.task_runs import (
    Cause,
    CauseKind,
    OutputImage,
    Retention,
    RunStatus,
    StepStatus,
    TaskStepRun,
)
from gitops.store.faults import StoreError
from gitops.store.store import Store
from gitops.store.task_reading import RunQuery


def test_a_run_is_remembered_as_it_went(store: Store) -> None:
    """A run has its causes, steps, images, what it used at most and in all, and how it ended."""
    book = store.task_runs
    run = book.ask(new(commit="3c4d", branch="main", fingerprint="ff"))
    book.waits(run, "place 1 of 1")
    waiting = book.find(run)
    assert waiting is not None
    assert (waiting.status, waiting.message) == (RunStatus.QUEUED, "place 1 of 1")
    book.begin(run, RunStatus.STARTED, NOON + 5)
    steps = (TaskStepRun(1, "build", "build"), TaskStepRun(2, "test", "cmd"))
    book.begin(run, RunStatus.RUNNING, NOON + 6, steps)
    done = (
        TaskStepRun(1, "build", "build", StepStatus.SUCCEEDED, None, 1, "", NOON, NOON + 2, 7, 1.5),
        TaskStepRun(2, "test", "cmd", StepStatus.FAILED, 3, 2, "bad", NOON, NOON + 9, 900, 0.25),
    )
    for step in done:
        book.step(run, step)
    image = OutputImage("localhost:5000", "shop", "v1", "sha256:" + "a" * 64)
    book.pushed(run, image)
    book.finish(run, RunStatus.FAILED, "step test: exit code 3", NOON + 9)
    found = book.find(run[:11])
    assert found is not None
    assert found == waiting._replace(
        status=RunStatus.FAILED,
        message="step test: exit code 3",
        started=NOON + 5,
        ended=NOON + 9,
        peak_memory=900,
        cpu=1.75,
    )
    assert (found.causes, found.commit, found.branch) == ((COMMIT,), "3c4d", "main")
    assert (book.steps(run), book.images(run)) == (done, (image,))
    assert book.snapshot(run) == '{"steps": 1}'


def test_an_ended_run_takes_no_change(store: Store, path: Path) -> None:
    """Whatever is written to a run that has ended is refused, by the database as well."""
    book = store.task_runs
    run = ended(store, 0, RunStatus.SUCCEEDED)
    before = book.find(run)
    writes: list[Callable[[], object]] = [
        lambda: book.waits(run, "x"),
        lambda: book.begin(run, RunStatus.RUNNING, NOON),
        lambda: book.step(run, TaskStepRun(1, "a", "cmd")),
        lambda: book.pushed(run, OutputImage("r", "a", "b", "c")),
        lambda: book.finish(run, RunStatus.FAILED, "late", NOON),
    ]
    for write in writes:
        with pytest.raises(StoreError, match="final"):
            write()
    assert not book.cancel(run, "bob")
    assert book.abandon([run]) == 0
    with book.log(run) as log:
        log.write(0, "late\n")
    with sqlite3.connect(path) as direct, pytest.raises(sqlite3.IntegrityError, match="final"):
        direct.execute("UPDATE task_runs SET status = 'Failed'")
    direct.close()
    assert (book.find(run), book.steps(run), book.images(run)) == (before, (), ())
    assert book.blocks(run) == ()


def test_a_lost_run_is_passed_over(store: Store, path: Path) -> None:
    """Writes to a run whose file was deleted meanwhile neither fail nor bring it back."""
    run = store.task_runs.ask(new())
    for file in path.parent.iterdir():
        file.unlink()
    store.task_runs.begin(run, RunStatus.RUNNING, NOON, (TaskStepRun(1, "a", "cmd"),))
    store.task_runs.finish(run, RunStatus.SUCCEEDED, "", NOON)
    assert store.task_runs.find(run) is None


def test_ids_sort_by_time_and_fit_names(store: Store) -> None:
    """Ids are 12 lower case letters and digits, begin with a letter, and sort by their seconds."""
    ids = [store.task_runs.ask(new(number * 3600)) for number in range(50)]
    assert ids == sorted(set(ids))
    assert all(re.fullmatch(r"r[0-9a-z]{11}", run) for run in ids)


def test_a_beginning_that_several_have_is_refused(store: Store) -> None:
    """A run is found by how its id begins, unless two begin so."""
    first, second = (store.task_runs.ask(new(0)) for _ in range(2))
    with pytest.raises(StoreError, match="several runs"):
        store.task_runs.find("r")
    for run in (first, second):
        found = store.task_runs.find(run)
        assert found is not None
        assert found.id == run
    assert store.task_runs.find("nothing") is None


def test_runs_are_filtered(store: Store) -> None:
    """A list can be of a task, status, cause, branch or image, and goes on after a run."""
    book = store.task_runs
    old = ended(store, 0, RunStatus.FAILED)
    nightly = Cause(CauseKind.SCHEDULE, "nightly")
    other = book.ask(new(1, task="blog", causes=(COMMIT, nightly), branch="dev"))
    digest = "sha256:" + "b" * 64
    book.pushed(other, OutputImage("localhost:5000", "team/blog", "v2", digest))
    quick = book.ask(new(2, task=""))

    def ids(**wanted: object) -> list[str]:
        return [run.id for run in book.list("demo", RunQuery(**wanted))]  # type: ignore[arg-type]

    assert ids() == [quick, other, old]
    assert ids(limit=1) == [quick]
    assert ids(before=other) == [old]
    assert ids(task="blog") == ids(branch="dev") == ids(cause=CauseKind.SCHEDULE) == [other]
    assert ids(task="") == [quick]
    assert ids(statuses=(RunStatus.FAILED,)) == [old]
    for image in ("team/blog", "v2", "team/blog:v2", "localhost:5000/team/blog:v2", digest[:14]):
        assert ids(image=image) == [other]
    assert ids(image="blog") == ids(image="sha256:") == []
    assert book.list("another") == ()
    assert [run.id for run in book.unended("demo")] == [quick, other]


def test_the_latest_of_each_kind_are_kept(store: Store) -> None:
    """A task keeps as many good and other runs as it says; those at work and other tasks stay."""
    keep = Retention(2, 1, 1e9)
    other = ended(store, 0, RunStatus.FAILED, task="blog")
    open_one = store.task_runs.ask(new(0))
    good = [ended(store, n, RunStatus.SUCCEEDED, retention=keep) for n in (1, 2, 3)]
    bad = [ended(store, n, RunStatus.TIMEOUT, retention=keep) for n in (4, 5)]
    left = {run.id for run in store.task_runs.list("demo")}
    assert left == {other, open_one, *good[1:], bad[1]}


def test_old_runs_go_with_all_that_is_theirs(store: Store, path: Path) -> None:
    """A run goes after 30 days with its steps, images and log, also when its task is gone."""
    run = store.task_runs.ask(new(0, task="gone"))
    store.task_runs.begin(run, RunStatus.RUNNING, NOON, (TaskStepRun(1, "a", "cmd"),))
    store.task_runs.pushed(run, OutputImage("r", "a", "b", "c"))
    with store.task_runs.log(run) as log:
        log.write(1, "x\n")
    store.task_runs.finish(run, RunStatus.SUCCEEDED, "", NOON)
    last = ended(store, 31 * 86400, RunStatus.SUCCEEDED)
    assert [one.id for one in store.task_runs.list("demo")] == [last]
    with sqlite3.connect(path) as direct:
        for table in ("task_steps", "task_images", "task_log"):
            assert direct.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608
    direct.close()


def test_removed_logs_give_their_room_back(store: Store, path: Path) -> None:
    """When a run with a large log is forgotten, the file becomes small again."""
    run = store.task_runs.ask(new(0))
    with store.task_runs.log(run) as log:
        for _ in range(40):
            # Digits without a pattern shrink little.
            log.write(1, f"{os.urandom(100_000).hex()}\n")
    store.task_runs.finish(run, RunStatus.SUCCEEDED, "", NOON)
    store.close()
    large = path.stat().st_size
    assert large > 2_000_000
    ended(store, 31 * 86400, RunStatus.SUCCEEDED)
    store.close()
    assert path.stat().st_size < large / 2


def test_a_file_of_an_earlier_release_learns_to_shrink(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file without runs of tasks takes them, and gives room back from then on."""
    released = __import__("gitops.store.schema", fromlist=["x"])
    monkeypatch.setattr(released, "_let_shrink", lambda _connection, _version: None)
    everything = released.MIGRATIONS
    monkeypatch.setattr(released, "MIGRATIONS", everything[:2])
    with Store(path) as old:
        old.holds.lift("demo")
        with old._database.write():
            pass
    monkeypatch.undo()
    with Store(path) as now:
        ended(now, 0, RunStatus.SUCCEEDED)
        assert len(now.task_runs.list("demo")) == 1
    with sqlite3.connect(path) as direct:
        assert direct.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    direct.close()


@pytest.mark.parametrize(
    ("status", "moment", "known"),
    [
        (RunStatus.ERROR, 0.5, "as wrong"),
        (RunStatus.CANCELED, 0.5, "as wrong"),
        (RunStatus.SUCCEEDED, 0.5, "as well"),
        (RunStatus.ERROR, -4, "as well"),
        (RunStatus.ERROR, 4, "as well"),
    ],
)
def test_a_time_at_which_a_run_went_wrong_is_known(
    store: Store, status: RunStatus, moment: float, known: str
) -> None:
    """A run that did not succeed is known by a time at which it was at work, and by no other."""
    run = store.task_runs.ask(new())
    store.task_runs.begin(run, RunStatus.STARTED, NOON)
    store.task_runs.finish(run, status, "", NOON + 1)
    assert store.task_runs.went_wrong_at(NOON + moment) is (known == "as wrong")


def test_a_run_at_work_has_not_succeeded_yet(store: Store) -> None:
    """What began while a run is at work may be its own; one that waits has begun nothing."""
    run = store.task_runs.ask(new())
    assert not store.task_runs.went_wrong_at(NOON + 9)
    store.task_runs.begin(run, RunStatus.STARTED, NOON)
    assert store.task_runs.went_wrong_at(NOON + 9)
