"""Runs of tasks as they are: one whose process is gone could not write down its end."""

from __future__ import annotations

from gitops.drivers.processes import is_gone
from gitops.model.task_runs import RunStatus, StepStatus, TaskRun, TaskStepRun
from gitops.store.store import Store
from gitops.store.task_ends import fate
from gitops.store.task_reading import RunQuery

_OPEN = tuple(status for status in RunStatus if not status.ended)


def as_seen(store: Store, run: TaskRun) -> TaskRun:
    """Return the run with the end that it came to, if its process could not tell."""
    if run.status.ended or not is_gone(run.host, run.process):
        return run
    status, message = fate(run.canceled_by)
    return run._replace(status=status, message=message, ended=store.task_runs.last_sign(run.id))


def steps_as_seen(store: Store, run: TaskRun) -> tuple[TaskStepRun, ...]:
    """Return the steps of a run as it was seen: none goes on when the run does not."""
    steps = store.task_runs.steps(run.id)
    if not run.status.ended:
        return steps
    return tuple(
        one._replace(status=StepStatus.FAILED, ended=run.ended, message=one.message or run.message)
        if one.status is StepStatus.RUNNING
        else one
        for one in steps
    )


def list_seen(store: Store, project: str, wanted: RunQuery) -> tuple[TaskRun, ...]:
    """Return the latest runs that match as they are seen, newest first."""
    if not wanted.statuses:
        return tuple(as_seen(store, run) for run in store.task_runs.list(project, wanted))
    # What is written down as running may be seen as ended, and be asked for as such.
    still = store.task_runs.list(project, wanted._replace(statuses=_OPEN, limit=-1))
    found = {
        run.id: as_seen(store, run) for run in (*store.task_runs.list(project, wanted), *still)
    }
    kept = [run for run in found.values() if run.status in wanted.statuses]
    kept.sort(key=lambda run: run.created, reverse=True)
    return tuple(kept if wanted.limit < 0 else kept[: wanted.limit])
