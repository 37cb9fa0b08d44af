"""How runs of tasks end: a run that has ended is final, and no run stays open without a process."""

from __future__ import annotations

from collections.abc import Sequence

from gitops.model.task_runs import RunStatus, StepStatus
from gitops.store.database import Transaction
from gitops.store.faults import StoreError

ABANDONED = "the process ended without a word"

LAST_SIGN = """max(created, coalesce(started, 0),
    (SELECT coalesce(max(max(coalesce(started, 0), coalesce(ended, 0))), 0)
        FROM task_steps WHERE run = task_runs.id),
    (SELECT coalesce(max(time), 0) FROM task_log WHERE run = task_runs.id))"""
"""SQL: when a run last wrote something down."""


def fate(canceled_by: str) -> tuple[RunStatus, str]:
    """Return how a run ended whose process is gone, and why."""
    if canceled_by:
        return RunStatus.CANCELED, f"canceled by {canceled_by}; {ABANDONED}"
    return RunStatus.ERROR, ABANDONED


def end(transaction: Transaction, run: str, fate: tuple[RunStatus, str], now: float) -> None:
    """Write down how a run ended, with its steps; clocks are set back now and then."""
    # A step cannot go on when its run does not.
    transaction.execute(
        "UPDATE task_steps SET status = ?, ended = coalesce(ended, ?), "
        "message = iif(message = '', ?, message) WHERE run = ? AND status = ? "
        "AND run IN (SELECT id FROM task_runs WHERE ended IS NULL)",
        (StepStatus.FAILED, now, fate[1], run, StepStatus.RUNNING),
    )
    change(
        transaction,
        run,
        "status = ?, message = ?, ended = max(?, created, coalesce(started, 0)), "
        "cpu = (SELECT total(cpu) FROM task_steps WHERE run = task_runs.id), peak_memory = "
        "(SELECT coalesce(max(peak_memory), 0) FROM task_steps WHERE run = task_runs.id)",
        (*fate, now),
    )


def abandon(transaction: Transaction, run: str) -> bool:
    """End a run whose process is gone; say whether it had not ended yet."""
    row = transaction.execute(
        f"SELECT canceled_by, {LAST_SIGN} FROM task_runs "  # noqa: S608 - our own text
        "WHERE id = ? AND ended IS NULL",
        (run,),
    ).fetchone()
    if row is None:
        return False
    end(transaction, run, fate(row[0]), row[1])
    return True


def change(transaction: Transaction, run: str, what: str, values: Sequence[str | float]) -> None:
    """Change columns of a run that has not ended: `what` is SQL, with a place for each value."""
    count = transaction.execute(
        f"UPDATE task_runs SET {what} WHERE id = ? AND ended IS NULL",  # noqa: S608 - our own text
        (*values, run),
    ).rowcount
    check_open(transaction, run, count)


def check_open(transaction: Transaction, run: str, changed: int) -> None:
    """Refuse what changed nothing because the run has ended; a lost run is passed over."""
    if changed:
        return
    row = transaction.execute("SELECT status FROM task_runs WHERE id = ?", (run,)).fetchone()
    if row is not None:
        raise StoreError(f"run {run} has ended ({row[0]})", "its record is final")
