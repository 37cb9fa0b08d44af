"""How much is kept: history is for people, and a file that only grows fills the disk."""

from __future__ import annotations

from gitops.model.records import RunState
from gitops.store.database import Transaction

KEPT_RUNS = 200
KEPT_EVENTS = 5000


def prune(transaction: Transaction, project: str) -> None:
    """Forget all but the latest runs, with their steps and logs, and events of a project.

    A run that is still running is never forgotten.
    """
    transaction.execute(
        "DELETE FROM runs WHERE project = ? AND state <> ? AND id NOT IN "
        "(SELECT id FROM runs WHERE project = ? ORDER BY started DESC, rowid DESC LIMIT ?)",
        (project, RunState.RUNNING, project, KEPT_RUNS),
    )
    transaction.execute(
        "DELETE FROM events WHERE project = ? AND id <= "
        "(SELECT id FROM events WHERE project = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
        (project, project, KEPT_EVENTS),
    )
