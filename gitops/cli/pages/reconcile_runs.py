"""A run of `reconcile`, `watch`, `down` or a wish: as a line, with its steps, and as data."""

from __future__ import annotations

import click

from gitops.cli.pages.moments import moment, span
from gitops.drivers.processes import is_gone
from gitops.model.records import RunRecord, RunState, StepRecord, StepState
from gitops.plan.describe import kebab
from gitops.store.runs import ABANDONED
from gitops.store.store import Store


def as_seen(store: Store, record: RunRecord) -> RunRecord:
    """Return the record as it is: a run whose process is gone could not write down its end."""
    if record.state is not RunState.RUNNING or not is_gone(record.host, record.process):
        return record
    ended = store.runs.last_sign(record.id)
    return record._replace(state=RunState.INTERRUPTED, message=ABANDONED, ended=ended)


def list_seen(
    store: Store, project: str, limit: int, state: RunState | None
) -> tuple[RunRecord, ...]:
    """Return the latest runs in a state, or in any, as they are, newest first."""
    kept = store.runs.list(project, limit, state)
    if state is RunState.INTERRUPTED:
        # What is written down as running may be seen as this.
        kept = (*kept, *store.runs.unended(project))
    found = [as_seen(store, record) for record in kept]
    found.sort(key=lambda record: record.started, reverse=True)
    return tuple(one for one in found if state in (None, one.state))[:limit]


def _steps(store: Store, record: RunRecord) -> tuple[StepRecord, ...]:
    """Return the steps as they are: none goes on when the run does not."""
    steps = store.runs.steps(record.id)
    if record.state is not RunState.INTERRUPTED:
        return steps
    return tuple(
        one._replace(state=StepState.INTERRUPTED, ended=record.ended)
        if one.state is StepState.RUNNING
        else one
        for one in steps
    )


def run_line(record: RunRecord) -> str:
    """Return the run in a line."""
    took = span(record.started, record.ended) or "-"
    tail = f" ({record.message})" if record.message else ""
    # A person's wish says of which app, and why.
    wish = record.reason.startswith(f"{record.command} ")
    tail += f" for {record.reason.removeprefix(f'{record.command} ')}" if wish else ""
    return (
        f"{record.id} {moment(record.started)} {took:>7} {record.command} {record.state}"
        f" by {record.owner}{tail}"
    )


def run_document(record: RunRecord) -> dict[str, object]:
    """Return the run as data."""
    return {
        "kind": "reconcile",
        "id": record.id,
        "project": record.project,
        "command": record.command,
        "reason": record.reason,
        "owner": record.owner,
        "state": str(record.state),
        "started": moment(record.started),
        "ended": moment(record.ended),
        "message": record.message,
    }


def full_document(store: Store, record: RunRecord) -> dict[str, object]:
    """Return the run with its steps."""
    steps = _steps(store, record)
    return {**run_document(record), "steps": [_step_document(step) for step in steps]}


def print_page(store: Store, record: RunRecord) -> None:
    """Print the run and its steps."""
    click.echo(run_line(record))
    for step in _steps(store, record):
        click.echo(_step_line(step))


def _step_line(step: StepRecord) -> str:
    took = span(step.started, step.ended) or "-"
    tail = f": {step.reason}" if step.reason else ""
    detail = "".join(f"\n        {line}" for line in step.detail.splitlines())
    what = f"{step.address} {kebab(step.action)}"
    return f"{step.number:>4}. {took:>7} {step.state} {what}{tail}{detail}"


def _step_document(step: StepRecord) -> dict[str, object]:
    return {
        "number": step.number,
        "resource": str(step.address),
        "action": step.action,
        "because": step.because,
        "state": str(step.state),
        "reason": step.reason,
        "detail": step.detail,
        "started": moment(step.started),
        "ended": moment(step.ended),
    }
