"""Runs of tasks as tests ask for them."""

from __future__ import annotations

from gitops.model.task_runs import (
    Cause,
    CauseKind,
    NewTaskRun,
    RunStatus,
    RunType,
)
from gitops.store.store import Store

NOON = 1_800_000_000.0
COMMIT = Cause(CauseKind.COMMIT, "1a2b→3c4d")


def new(number: float = 0, task: str = "shop", **fields: object) -> NewTaskRun:
    """Return a run that was asked for `number` seconds after noon."""
    made = NewTaskRun(
        *("demo", task, RunType.AUTO_RUN, (COMMIT,), '{"steps": 1}', NOON + number),
        *("ann@laptop", "laptop", "4711:1"),
    )
    return made._replace(**fields)  # type: ignore[arg-type]


def ended(store: Store, number: float, status: RunStatus, **fields: object) -> str:
    """Return a run that took a second."""
    run = store.task_runs.ask(new(number, **fields))  # type: ignore[arg-type]
    store.task_runs.finish(run, status, "", NOON + number + 1)
    return run
