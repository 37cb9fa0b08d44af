"""Runs: what was done, when, by whom and why, step by step, with the output of each step."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

from gitops.model.address import Address
from gitops.model.outcomes import Done, Outcome, Retry, Skipped, Stalled, Superseded
from gitops.model.plan import Step
from gitops.model.records import (
    LogLine,
    NewRun,
    RunPlan,
    RunRecord,
    RunState,
    StepRecord,
    StepState,
)
from gitops.store.database import Database, Transaction
from gitops.store.faults import StoreError
from gitops.store.retention import prune
from gitops.store.step_log import StepLog

ABANDONED = "the process ended without a word"


_LAST_SIGN = """max(started,
    (SELECT coalesce(max(max(coalesce(started, 0), coalesce(ended, 0))), 0)
        FROM steps WHERE run = runs.id),
    (SELECT coalesce(max(time), 0) FROM log_lines WHERE run = runs.id))"""


class Runs:
    """Writes and reads runs. A run that the database lost is passed over, not an error."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, new: NewRun, steps: Sequence[Step]) -> str:
        """Remember that a run begins, all of its steps pending; return its id.

        The id is the UTC time to the second and four random hex digits: `20260509T073525-1a2b`.
        """
        lease = new.lease
        who = (lease.owner, lease.id, lease.host, lease.process)
        with self._database.write() as transaction:
            run = _free_id(transaction, new.started)
            transaction.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, '', ?, ?)",
                (run, *new[:3], *who, new.started, RunState.RUNNING, *new.plan),
            )
            transaction.execute_each(
                "INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, '', '', NULL, NULL)",
                (
                    (run, step.number, str(step.address), _name(step), step.because, "pending")
                    for step in steps
                ),
            )
        return run

    def begin_step(self, run: str, number: int, now: float) -> None:
        """Remember that a step begins."""
        with self._database.write() as transaction:
            transaction.execute(
                "UPDATE steps SET state = ?, started = ? WHERE run = ? AND number = ?",
                (StepState.RUNNING, now, run, number),
            )

    def end_step(self, run: str, number: int, outcome: Outcome, now: float) -> None:
        """Remember how a step ended; one that was skipped need not have begun."""
        with self._database.write() as transaction:
            transaction.execute(
                "UPDATE steps SET state = ?, reason = ?, detail = ?, ended = ? "
                "WHERE run = ? AND number = ?",
                (*_told(outcome), now, run, number),
            )

    def step_log(self, run: str, number: int) -> StepLog:
        """Return a writer for a step's log, for one thread or several; close it at the end."""
        return StepLog(self._database, run, number)

    def finish(self, run: str, state: RunState, message: str, now: float) -> None:
        """Remember how a run ended, and forget what is too old to keep."""
        with self._database.write() as transaction:
            transaction.execute(
                "UPDATE runs SET state = ?, message = ?, ended = ? WHERE id = ?",
                (state, message, now, run),
            )
            found = transaction.execute("SELECT project FROM runs WHERE id = ?", (run,)).fetchone()
            if found is not None:
                prune(transaction, found[0])

    def unended(self, project: str) -> tuple[RunRecord, ...]:
        """Return all runs of a project that have not ended, as far as they could write it."""
        return self.list(project, -1, RunState.RUNNING)

    def last_sign(self, run: str) -> float:
        """Return when a run last wrote something down, in seconds since 1970."""
        asked = f"SELECT {_LAST_SIGN} FROM runs WHERE id = ?"  # noqa: S608 - our own text
        rows = self._database.read(asked, (run,))
        return float(rows[0][0]) if rows else 0.0

    def abandon(self, runs: Sequence[str]) -> int:
        """Mark runs that are still `running` as interrupted; return how many were.

        For whoever takes the lease: a process that was killed could not write its own end, which is
        taken to be the last time at which it wrote something.
        """
        if not runs:
            return 0
        with self._database.write() as transaction:
            count = transaction.execute_each(
                f"UPDATE runs SET state = ?, message = ?, ended = {_LAST_SIGN} "  # noqa: S608 - ours
                "WHERE id = ? AND state = ?",
                ((RunState.INTERRUPTED, ABANDONED, run, RunState.RUNNING) for run in runs),
            )
            transaction.execute_each(
                "UPDATE steps SET state = ?, ended = (SELECT ended FROM runs WHERE id = run) "
                "WHERE run = ? AND state = ?",
                ((StepState.INTERRUPTED, run, StepState.RUNNING) for run in runs),
            )
            return count

    def list(
        self, project: str, limit: int = 20, state: RunState | None = None
    ) -> tuple[RunRecord, ...]:
        """Return the latest runs, newest first."""
        rows = self._database.read(
            "SELECT id, project, command, reason, owner, lease, host, process, started, ended, "
            "state, message FROM runs WHERE project = :project "
            "AND (:state IS NULL OR state = :state) "
            "ORDER BY started DESC, rowid DESC LIMIT :limit",
            {"project": project, "state": state, "limit": limit},
        )
        return tuple(_run(row) for row in rows)

    def find(self, start: str) -> RunRecord | None:
        """Return the run whose id is or begins with `start`; `StoreError` if several do."""
        if not start:
            return None
        rows = self._database.read(
            "SELECT id, project, command, reason, owner, lease, host, process, started, ended, "
            "state, message FROM runs WHERE substr(id, 1, length(:start)) = :start "
            "ORDER BY id LIMIT 2",
            {"start": start},
        )
        if len(rows) > 1:
            raise StoreError(
                f"{start!r} begins the id of several runs",
                f"{rows[0][0]} and {rows[1][0]}, for example; write more of it",
            )
        return _run(rows[0]) if rows else None

    def plan(self, run: str) -> RunPlan:
        """Return what a run set out to do; empty texts when the run is not known."""
        rows = self._database.read("SELECT plan, document FROM runs WHERE id = ?", (run,))
        return RunPlan(*rows[0]) if rows else RunPlan()

    def steps(self, run: str) -> tuple[StepRecord, ...]:
        """Return the steps of a run in their order."""
        rows = self._database.read(
            "SELECT run, number, address, action, because, state, reason, detail, started, ended "
            "FROM steps WHERE run = ? ORDER BY number",
            (run,),
        )
        return tuple(_step(row) for row in rows)

    def last_failure(self, project: str, address: Address) -> StepRecord | None:
        """Return the latest step of a resource that went wrong, if nothing made up for it since."""
        rows = self._database.read(
            "SELECT run, number, address, action, because, steps.state, steps.reason, detail, "
            "steps.started, steps.ended FROM steps JOIN runs ON runs.id = run "
            "WHERE project = :project AND address = :address AND (steps.state IN (:stalled, :retry)"
            " OR steps.state = :done AND action IN ('Build', 'RunTask', 'KeepRevision')) "
            "ORDER BY steps.ended DESC, number DESC LIMIT 1",
            {
                "project": project,
                "address": str(address),
                "stalled": StepState.STALLED,
                "retry": StepState.RETRY,
                "done": StepState.DONE,
            },
        )
        last = _step(rows[0]) if rows else None
        return None if last is None or last.state is StepState.DONE else last

    def log(self, run: str, step: int | None = None, after: int = 0) -> tuple[LogLine, ...]:
        """Return the lines of a run, or of one step, that follow the sequence `after`.

        Handing in the last sequence seen, again and again, follows a log that is being written:
        no line is missed and none comes twice.
        """
        rows = self._database.read(
            "SELECT sequence, run, step, time, line FROM log_lines WHERE run = :run "
            "AND sequence > :after AND (:step IS NULL OR step = :step) ORDER BY sequence",
            {"run": run, "step": step, "after": after},
        )
        return tuple(LogLine(*row) for row in rows)


def _free_id(transaction: Transaction, started: float) -> str:
    moment = time.strftime("%Y%m%dT%H%M%S", time.gmtime(started))
    while True:
        run = f"{moment}-{os.urandom(2).hex()}"
        if transaction.execute("SELECT 1 FROM runs WHERE id = ?", (run,)).fetchone() is None:
            return run


def _name(step: Step) -> str:
    return type(step.action).__name__


def _told(outcome: Outcome) -> tuple[StepState, str, str]:
    """Return (state, reason, detail)."""
    match outcome:
        case Done(detail=detail):
            return StepState.DONE, "", detail
        case Retry(reason=reason, detail=detail):
            return StepState.RETRY, reason, detail
        case Stalled(reason=reason, detail=detail):
            return StepState.STALLED, reason, detail
        case Skipped(because_of=number):
            return StepState.SKIPPED, "", f"step {number} did not end well"
        case Superseded(by=newer):
            return StepState.SUPERSEDED, "", f"given up for {newer}"


def _run(row: tuple[Any, ...]) -> RunRecord:
    record = RunRecord(*row)
    return record._replace(state=RunState(record.state))


def _step(row: tuple[Any, ...]) -> StepRecord:
    record = StepRecord(*row)
    kind, _, name = row[2].partition("/")
    return record._replace(address=Address(kind, name), state=StepState(record.state))
