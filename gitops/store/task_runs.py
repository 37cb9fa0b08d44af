"""Runs of tasks: each a record with its steps, images and log, which is final once it has ended."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress

from gitops.model.address import Address
from gitops.model.plan import LastRun
from gitops.model.task_runs import (
    LogBlock,
    NewTaskRun,
    OutputImage,
    RunStatus,
    TaskRun,
    TaskStepRun,
)
from gitops.store.database import Database, Transaction
from gitops.store.faults import StoreError
from gitops.store.task_ends import LAST_SIGN, abandon, change, check_open, end
from gitops.store.task_log import TaskLog, place_of_tail, read_blocks
from gitops.store.task_reading import (
    RunQuery,
    find_run,
    list_runs,
    read_images,
    read_steps,
    was_at_work,
)
from gitops.store.task_retention import forget, kept

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_EPOCH = 1_577_836_800
"""2020 began: counted from there, six digits last until 2088."""


class TaskRuns:
    """Writes and reads runs of tasks.

    A run that the database lost is passed over, not an error; to write to one that has ended is
    a `StoreError`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, new: NewTaskRun) -> str:
        """Remember a run that is queued; return its id: 12 lower case letters and digits.

        It begins with `r` and the second it was made in, so that ids sort by time; the rest is
        random, since other machines make ids as well. It fits tags, host names and volume names.
        """
        causes = json.dumps([tuple(cause) for cause in new.causes], ensure_ascii=False)
        with self._database.write() as transaction:
            run = _free_id(transaction, new.created)
            transaction.execute(
                "INSERT INTO task_runs VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                "NULL, NULL, 0, 0, '', ?, ?, ?, ?)",
                (
                    *(run, new.project, new.task, new.type, RunStatus.QUEUED, causes),
                    *(new.commit, new.branch, new.url, new.fingerprint, new.platform),
                    *(new.owner, new.host, new.process, new.created, new.snapshot, *kept(new)),
                ),
            )
        return run

    def waits(self, run: str, message: str) -> None:
        """Remember why a queued run waits, and at which place."""
        self._change(run, "message = ?", (message,))

    def begin(
        self, run: str, status: RunStatus, now: float, steps: Sequence[TaskStepRun] = ()
    ) -> None:
        """Remember that a run is `STARTED`, or `RUNNING` with these steps."""
        with self._database.write() as transaction:
            change(
                transaction,
                run,
                "status = ?, message = '', started = coalesce(started, ?)",
                (status, now),
            )
            for step in steps:
                _put_step(transaction, run, step)

    def step(self, run: str, step: TaskStepRun) -> None:
        """Remember how a step stands now."""
        with self._database.write() as transaction:
            _put_step(transaction, run, step)

    def log(self, run: str) -> TaskLog:
        """Return a writer for a run's log, for several threads; close it before `finish`."""
        return TaskLog(self._database, run)

    def pushed(self, run: str, image: OutputImage) -> None:
        """Remember an image that was pushed; a tag that is pushed again has the new digest."""
        with self._database.write() as transaction:
            count = transaction.execute(
                "INSERT OR REPLACE INTO task_images SELECT id, ?, ?, ?, ? FROM task_runs "
                "WHERE id = ? AND ended IS NULL",
                (*image, run),
            ).rowcount
            check_open(transaction, run, count)

    def based(self, run: str, bases: Mapping[str, str]) -> None:
        """Remember the digests of images that a run has built on, by name."""
        with self._database.write() as transaction:
            transaction.execute_each(
                "INSERT OR REPLACE INTO task_bases SELECT id, ?, ? FROM task_runs "
                "WHERE id = ? AND ended IS NULL",
                ((image, digest, run) for image, digest in bases.items()),
            )

    def finish(self, run: str, status: RunStatus, message: str, now: float) -> None:
        """Remember how a run ended, sum up what its steps used, and forget what is too old."""
        with self._database.write() as transaction:
            end(transaction, run, (status, message), now)
            forgotten = forget(transaction, run, now)
        if forgotten:
            self._database.shrink()

    def canceled(self, run: str) -> str:
        """Return who asked for the end of a run, if anybody did; nobody while it cannot be read."""
        with suppress(StoreError):
            rows = self._database.read("SELECT canceled_by FROM task_runs WHERE id = ?", (run,))
            return str(rows[0][0]) if rows else ""
        return ""

    def interrupted(self, run: str, owner: str) -> None:
        """Remember who has interrupted a run, in case that its process is killed before its end."""
        with suppress(StoreError):
            self.cancel(run, owner)

    def cancel(self, run: str, owner: str) -> bool:
        """Ask for the end of a run in the name of `owner`; return whether it had not ended yet.

        Whoever asked first is remembered.
        """
        with self._database.write() as transaction:
            return bool(
                transaction.execute(
                    "UPDATE task_runs SET canceled_by = iif(canceled_by = '', ?, canceled_by) "
                    "WHERE id = ? AND ended IS NULL",
                    (owner, run),
                ).rowcount
            )

    def last_sign(self, run: str) -> float:
        """Return when a run last wrote something down, in seconds since 1970."""
        asked = f"SELECT {LAST_SIGN} FROM task_runs WHERE id = ?"  # noqa: S608 - our own text
        rows = self._database.read(asked, (run,))
        return float(rows[0][0]) if rows else 0.0

    def abandon(self, runs: Sequence[str]) -> int:
        """End runs whose process is gone, for whoever found that out; return how many there were.

        One that somebody had asked to end is `Canceled`, every other one an `Error`. The end is
        taken to be the last time at which it wrote something.
        """
        with self._database.write() as transaction:
            return sum(abandon(transaction, run) for run in runs)

    def list(self, project: str, wanted: RunQuery | None = None) -> tuple[TaskRun, ...]:
        """Return the latest runs of a project that match, newest first."""
        return list_runs(self._database, project, wanted or RunQuery())

    def unended(self, project: str) -> tuple[TaskRun, ...]:
        """Return all runs of a project that have not ended, as far as they could write it."""
        waiting = (RunStatus.QUEUED, RunStatus.STARTED, RunStatus.RUNNING)
        return self.list(project, RunQuery(statuses=waiting, limit=-1))

    def find(self, start: str) -> TaskRun | None:
        """Return the run whose id is or begins with `start`; `StoreError` if several do."""
        return find_run(self._database, start)

    def went_wrong_at(self, moment: float) -> bool:
        """Say whether a run, of any project, was at work then, and has not succeeded since."""
        return was_at_work(self._database, moment)

    def steps(self, run: str) -> tuple[TaskStepRun, ...]:
        """Return the steps of a run in their order."""
        return read_steps(self._database, run)

    def bases(self, run: str) -> Mapping[str, str]:
        """Return the digests of images that a run has built on, by name."""
        wanted = "SELECT image, digest FROM task_bases WHERE run = ? ORDER BY image"
        return dict(self._database.read(wanted, (run,)))

    def images(self, run: str) -> tuple[OutputImage, ...]:
        """Return the images that a run pushed, in the order in which it did."""
        return read_images(self._database, run)

    def built(self, project: str) -> Mapping[Address, LastRun]:
        """Return the last run of each task that was not called off, and that nobody asked for by
        hand: such a one may have been given other inputs, or old ones.
        """
        rows = self._database.read(
            "SELECT task, snapshot, id, status, max(created) FROM task_runs WHERE project = ? "
            "AND task <> '' AND status <> 'Canceled' AND type LIKE 'Auto%' GROUP BY task",
            (project,),
        )
        return {
            Address("BuildTask", task): LastRun(snapshot, _trouble(run, RunStatus(status)))
            for task, snapshot, run, status, _ in rows
        }

    def snapshot(self, run: str) -> str:
        """Return what it takes to do the same again, as JSON; empty when the run is not known."""
        rows = self._database.read("SELECT snapshot FROM task_runs WHERE id = ?", (run,))
        return str(rows[0][0]) if rows else ""

    def blocks(
        self, run: str, step: int | None = None, after: int = 0, limit: int = 16
    ) -> tuple[LogBlock, ...]:
        """Return the log of a run, or of one step, that follows the sequence `after`.

        Handing in the last sequence seen, again and again, follows a log that is being written:
        nothing is missed and nothing comes twice. `limit` bounds the memory: a block is 256 KiB.
        """
        return read_blocks(self._database, run, step, after, limit)

    def tail(self, run: str, step: int | None, lines: int) -> tuple[int, int]:
        """Return where the last `lines` lines begin: after which sequence, and lines to skip."""
        return place_of_tail(self._database, run, step, lines)

    def _change(self, run: str, what: str, values: tuple[str, ...]) -> None:
        with self._database.write() as transaction:
            change(transaction, run, what, values)


def _trouble(run: str, status: RunStatus) -> str:
    if status is RunStatus.SUCCEEDED:
        return ""
    return f"run {run} {f'ended as {status}' if status.ended else 'did not come to its end'}"


def _put_step(transaction: Transaction, run: str, step: TaskStepRun) -> None:
    count = transaction.execute(
        "INSERT OR REPLACE INTO task_steps SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? "
        "FROM task_runs WHERE id = ? AND ended IS NULL",
        (*step, run),
    ).rowcount
    check_open(transaction, run, count)


def _free_id(transaction: Transaction, now: float) -> str:
    moment = _base36(max(0, int(now) - _EPOCH), 6)
    while True:
        run = f"r{moment}{_base36(int.from_bytes(os.urandom(8)), 5)}"
        if transaction.execute("SELECT 1 FROM task_runs WHERE id = ?", (run,)).fetchone() is None:
            return run


def _base36(number: int, digits: int) -> str:
    """Return the last `digits` digits."""
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text
