"""How many runs of tasks are kept, and how long: their logs are what fills a disk."""

from __future__ import annotations

from gitops.model.task_runs import NewTaskRun, Retention, RunStatus
from gitops.store.database import Transaction

DAYS_30 = 30 * 86400.0
TASK = Retention(10, 10, DAYS_30)
QUICK = Retention(50, 50, DAYS_30)
"""Of all quick work of a project together."""


def kept(new: NewTaskRun) -> Retention:
    """Return what applies to a run."""
    return new.retention or (TASK if new.task else QUICK)


def forget(transaction: Transaction, run: str, now: float) -> int:
    """Forget runs that are too many beside `run`, which has just ended, or too old.

    Returns how many there were.

    Neither `run` itself nor one that has not ended is ever forgotten. Age counts for every task of
    the project, so that runs of a task that is gone go as well.
    """
    row = transaction.execute(
        "SELECT project, task, keep_succeeded, keep_failed FROM task_runs WHERE id = ?", (run,)
    ).fetchone()
    if row is None:
        return 0
    project, task, succeeded, failed = row
    return (
        transaction.execute(
            "DELETE FROM task_runs WHERE project = ? AND ended < ? - keep_age AND id <> ?",
            (project, now, run),
        ).rowcount
        + _forget_surplus(transaction, (project, task, run), "=", succeeded)
        + _forget_surplus(transaction, (project, task, run), "<>", failed)
    )


def _forget_surplus(
    transaction: Transaction, whose: tuple[str, str, str], which: str, keep: int
) -> int:
    """Forget all but the latest `keep` of those whose status is (`=`), or is not, `Succeeded`."""
    project, task, run = whose
    same = f"project = ? AND task = ? AND ended IS NOT NULL AND status {which} ?"
    return transaction.execute(
        f"DELETE FROM task_runs WHERE {same} AND id <> ? AND id NOT IN "  # noqa: S608 - our own text
        f"(SELECT id FROM task_runs WHERE {same} ORDER BY created DESC, rowid DESC LIMIT ?)",
        (*(project, task, RunStatus.SUCCEEDED), run, *(project, task, RunStatus.SUCCEEDED), keep),
    ).rowcount
