from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.commands import gitops
from support.process import Running

from gitops.drivers.processes import this_host, this_process
from gitops.model.lease import Lease
from gitops.model.records import NewRun, RunState
from gitops.model.task_runs import (
    Cause,
    CauseKind,
    NewTaskRun,
    OutputImage,
    RunStatus,
    RunType,
    StepStatus,
    TaskStepRun,
)
from gitops.store.store import Store

WRITER = """
import sys, time
from pathlib import Path
from gitops.drivers.processes import this_host, this_process
from gitops.model.task_runs import NewTaskRun, RunStatus, RunType, TaskStepRun
from gitops.store.store import Store
book = Store(Path(sys.argv[1])).task_runs
run = book.ask(NewTaskRun("demo", "shop", RunType.QUICK_RUN, (), "{}", time.time(), "ann",
                          this_host(), this_process()))
book.begin(run, RunStatus.RUNNING, time.time(), (TaskStepRun(1, "a", "cmd"),))
print(run, flush=True)
log = book.log(run)
for line in sys.stdin:
    log.write(1, line)
    print("written", flush=True)
    if line == "work\\n":
        while not book.canceled(run):
            time.sleep(0.02)
        log.close()
        book.finish(run, RunStatus.CANCELED, "canceled by " + book.canceled(run), time.time())
        break
else:
    log.close()
    book.finish(run, RunStatus.FAILED, "step a: exit code 3", time.time())
"""


class Writer:
    """A process that carries out a run: it logs what it is given, and fails at the end of it."""

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.run = self._said()

    def write(self, line: str) -> None:
        """Let it log a line."""
        if self._process.stdin is not None:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        self._said()

    def end(self) -> None:
        """Let the run fail."""
        self._process.communicate(timeout=30)

    def kill(self) -> None:
        """End it without a word."""
        self._process.kill()
        self._process.communicate(timeout=30)

    def _said(self) -> str:
        return "" if self._process.stdout is None else self._process.stdout.readline().strip()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder called `demo` without any spec, in which commands run."""
    made = tmp_path / "demo"
    made.mkdir()
    monkeypatch.chdir(made)
    monkeypatch.setenv("GITOPS_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("GITOPS_OWNER", "bob@desk")
    return made


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    """Return the store of the folder's project."""
    with Store(folder.parent / "state/demo.db") as opened:
        yield opened


@pytest.fixture
def writer(folder: Path) -> Iterator[Writer]:
    """Return a process that carries out a run."""
    made = Writer(folder.parent / "state/demo.db")
    yield made
    made.kill()


def new(created: float, task: str = "shop", kind: CauseKind = CauseKind.COMMIT) -> NewTaskRun:
    """Return a run of this process."""
    return NewTaskRun(
        *("demo", task, RunType.AUTO_BUILD, (Cause(kind, "1a→2b"),), '{"a": 1}', created),
        *("ann", this_host(), this_process(), "2b2b", "main"),
    )


@pytest.fixture
def done(store: Store) -> str:
    """Return a run of two steps that has failed."""
    book = store.task_runs
    run = book.ask(new(1_800_000_000.0))
    steps = (
        TaskStepRun(1, "make", "build", StepStatus.SUCCEEDED, None, 1, "", 1_800_000_001.0),
        TaskStepRun(
            *(2, "test", "cmd", StepStatus.FAILED, 3, 2, "exit code 3", 1_800_000_002.0),
            *(1_800_000_004.5, 3 * 1024 * 1024, 0.5),
        ),
    )
    book.begin(run, RunStatus.RUNNING, 1_800_000_000.5, steps)
    with book.log(run) as log:
        log.write(0, "getting ready\n")
        log.write(1, "compiling\rcompiled\n")
        log.write(2, "testing\nbad\n")
    book.pushed(run, OutputImage("localhost:5000", "shop", "v1", "sha256:abc"))
    book.finish(run, RunStatus.FAILED, "step test: exit code 3", 1_800_000_005.0)
    return run


def test_both_kinds_are_listed_newest_first(store: Store, done: str) -> None:
    """`runs` lists runs of tasks and of reconcile in one table, and each kind by itself."""
    lease = Lease("l", "ann", "laptop", "1", "x")
    other = store.runs.start(NewRun("demo", "watch", "a file changed", lease, 1_800_000_100.0), [])
    store.runs.finish(other, RunState.CONVERGED, "", 1_800_000_101.0)
    lines = gitops("runs").out.splitlines()
    assert lines[0].split("  ")[0] == "RUN ID"
    assert [line.split()[:3] for line in lines[1:]] == [
        [other, "watch", "converged"],
        [done, "shop", "Failed"],
    ]
    assert "COMMIT 1a→2b" in lines[2]
    assert "4.5s" in lines[2]
    found: Any = gitops("runs", "-o", "json").json()
    assert [(one["kind"], one["id"]) for one in found] == [("reconcile", other), ("task", done)]
    assert gitops("runs", "--kind", "reconcile").out.startswith(f"{other} 2027-01-15T")
    assert done in gitops("runs", "--kind", "task").out


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (("--task", "shop"), 1),
        (("--task", "BuildTask/shop"), 1),
        (("--task", "blog"), 0),
        (("--status", "failed"), 1),
        (("--status", "Running"), 0),
        (("--cause", "commit"), 1),
        (("--cause", "SCHEDULE"), 0),
        (("--image", "shop:v1"), 1),
        (("--image", "other"), 0),
        (("--branch", "main"), 1),
        (("--state", "converged"), 0),
    ],
)
def test_lists_are_filtered(done: str, arguments: tuple[str, ...], count: int) -> None:
    """A filter leaves the runs that match, of the kind that has it."""
    found: Any = gitops("runs", "-o", "json", *arguments).json()
    assert [one["id"] for one in found] == [done] * count


def test_filters_of_two_kinds_are_refused(folder: Path) -> None:
    """A filter of one kind with one of the other, or with the other kind, is a usage error."""
    assert folder.exists()
    assert gitops("runs", "--state", "failed", "--task", "shop").code == 64
    assert gitops("runs", "--kind", "reconcile", "--task", "shop").code == 64
    assert gitops("runs", "show").code == 64


def test_a_run_is_shown_as_a_whole(done: str) -> None:
    """`runs RUN` and `runs show RUN` show why, the steps, the images and the message."""
    ran = gitops("runs", "show", done[:9])
    assert ran.code == 0
    assert gitops("runs", done) == ran
    for text in (
        *("COMMIT 1a→2b", "2b2b", "AutoBuild", "step test: exit code 3", "3.0 MiB"),
        *("localhost:5000/shop:v1@sha256:abc", "+1.5s", "2.5s", "test: exit code 3"),
    ):
        assert text in ran.out
    found: Any = gitops("runs", done, "-o", "json").json()
    assert (found["status"], found["duration"], found["cpu"]) == ("Failed", 4.5, 0.5)
    assert found["steps"][1]["exitCode"] == 3
    assert found["images"][0]["digest"] == "sha256:abc"
    assert found["snapshot"] == {"a": 1}
    assert gitops("runs", "nothing").code == 1


def test_a_log_names_its_steps(done: str) -> None:
    """Each line of a run of several steps stands behind its step's id; one step stands alone."""
    ran = gitops("logs", done)
    assert ran.out.split("\n") == [
        *("run  | getting ready", "make | compiling\rcompiled", "test | testing", "test | bad", ""),
    ]
    assert gitops("logs", "BuildTask/shop") == ran
    assert gitops("logs", done, "--step", "test").out == "testing\nbad\n"
    assert gitops("logs", done, "--tail", "1").out == "test | bad\n"
    stamped = gitops("logs", done, "--step", "make", "--timestamps").out
    assert time.strftime("%Y-%m-%dT", time.gmtime()) in stamped
    wrong = gitops("logs", done, "--step", "nothing")
    assert (wrong.code, "make, test" in wrong.err) == (64, True)


def test_a_log_is_followed_by_many_until_the_run_ends(writer: Writer, folder: Path) -> None:
    """Readers see lines as they are written; one that goes away disturbs neither run nor others."""
    writer.write("first")
    readers = [Running(("logs", writer.run, "-f"), dict(os.environ), folder) for _ in range(3)]
    try:
        for reader in readers:
            reader.wait_line("^first$")
        readers[0].kill9()
        writer.write("second")
        for reader in readers[1:]:
            reader.wait_line("^second$")
        writer.end()
        for reader in readers[1:]:
            assert reader.wait() == 0
            assert reader.lines[:2] == ["first", "second"]
            assert reader.lines[2:] == [f"run {writer.run}: Failed: step a: exit code 3"]
    finally:
        for reader in readers:
            reader.stop()


def test_a_run_whose_process_was_killed_is_an_error(writer: Writer, folder: Path) -> None:
    """Whoever follows it, lists it or shows it is told that its process ended without a word."""
    writer.write("first")
    reader = Running(("logs", writer.run, "--follow"), dict(os.environ), folder)
    try:
        reader.wait_line("^first$")
        writer.kill()
        assert reader.wait() == 0
    finally:
        reader.stop()
    assert reader.lines[-1] == f"run {writer.run}: Error: the process ended without a word"
    assert "Error" in gitops("runs", "--status", "Error").out
    assert gitops("runs", "--status", "Running").out == ""
    assert "without a word" in gitops("runs", writer.run).out


def test_cancel_waits_for_the_end(writer: Writer) -> None:
    """`cancel` ends a run that works, says how it ended, and exits with 0; so it does again."""
    writer.write("work")
    ran = gitops("cancel", writer.run[:10])
    assert (ran.code, ran.out) == (0, f"run {writer.run}: Canceled: canceled by bob@desk\n")
    again = gitops("cancel", writer.run)
    assert (again.code, "has ended already: Canceled" in again.out) == (0, True)


def test_cancel_of_what_cannot_be_canceled_fails(done: str) -> None:
    """A run that has ended otherwise, and one that is not there, exit with 1 and are named."""
    ran = gitops("cancel", done, "nothing")
    assert ran.code == 1
    assert "has ended already: Failed: step test: exit code 3" in ran.out
    assert "there is no run nothing" in ran.err


def test_cancel_need_not_wait(store: Store) -> None:
    """With `--no-wait` the run is asked to end, and the command ends before it."""
    run = store.task_runs.ask(new(time.time()))
    ran = gitops("cancel", run, "--no-wait")
    assert (ran.code, ran.out) == (0, f"run {run} was asked to end\n")
    assert store.task_runs.canceled(run) == "bob@desk"


def test_cancel_writes_down_the_end_of_a_dead_run(writer: Writer, store: Store) -> None:
    """A run whose process is gone ends as the error that it is, for good; the exit code is 1."""
    writer.kill()
    ran = gitops("cancel", writer.run)
    assert (ran.code, ran.out) == (
        1,
        f"run {writer.run}: Error: the process ended without a word\n",
    )
    kept = store.task_runs.find(writer.run)
    assert kept is not None
    assert (kept.status, kept.canceled_by) == (RunStatus.ERROR, "")
