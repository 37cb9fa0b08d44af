"""`gitops runs`: what was done, when, and how it ended."""

from __future__ import annotations

import click

from gitops.cli import exits
from gitops.cli.loading import entry_of, settings
from gitops.cli.moments import moment, span
from gitops.cli.options import SpecOptions, output_option, spec_options
from gitops.cli.output import emit
from gitops.drivers.processes import is_alive
from gitops.model.records import RunRecord, RunState, StepRecord
from gitops.store.store import Store
from gitops.wiring.memory import open_store


@click.command("runs")
@click.argument("run", required=False)
@spec_options
@output_option("text", "json", "yaml")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="NUMBER",
    help="How many of the latest.",
)
@click.option(
    "--state",
    type=click.Choice([str(state) for state in RunState]),
    help="Only those in this state.",
)
def command(run: str | None, specs: SpecOptions, output: str, limit: int, state: str | None) -> int:
    """List runs, the latest first, or show the steps of RUN (its id, or how that begins).

    A run that found nothing to do is not kept.
    """
    project = entry_of(specs).project
    store = open_store(project, settings())
    if run is not None:
        return _show(store, run, output)
    found = [
        _seen(record)
        for record in store.runs.list(project, limit, RunState(state) if state else None)
    ]
    if output == "text":
        for record in found:
            click.echo(_line(record))
    else:
        emit([_document(record) for record in found], output)
    return exits.OK


def _show(store: Store, run: str, output: str) -> int:
    record = store.runs.find(run)
    if record is None:
        click.echo(f"error: there is no run {run}; `gitops runs` lists them", err=True)
        return exits.FAILED
    steps = store.runs.steps(record.id)
    if output == "text":
        click.echo(_line(_seen(record)))
        for step in steps:
            click.echo(_step_line(step))
    else:
        emit({**_document(_seen(record)), "steps": [_step(step) for step in steps]}, output)
    return exits.OK


def _seen(record: RunRecord) -> RunRecord:
    """Return the record as it is: a run whose process is gone could not write down its end."""
    gone = record.state is RunState.RUNNING and is_alive(record.host, record.process) is False
    return record._replace(state=RunState.INTERRUPTED) if gone else record


def _line(record: RunRecord) -> str:
    took = span(record.started, record.ended) or "-"
    tail = f" ({record.message})" if record.message else ""
    # A person's wish says of which app, and why.
    wish = record.reason.startswith(f"{record.command} ")
    tail += f" for {record.reason.removeprefix(f'{record.command} ')}" if wish else ""
    return (
        f"{record.id} {moment(record.started)} {took:>7} {record.command} {record.state}"
        f" by {record.owner}{tail}"
    )


def _step_line(step: StepRecord) -> str:
    took = span(step.started, step.ended) or "-"
    tail = f": {step.reason}" if step.reason else ""
    detail = "".join(f"\n        {line}" for line in step.detail.splitlines())
    return f"{step.number:>4}. {took:>7} {step.state} {step.address} {step.action}{tail}{detail}"


def _document(record: RunRecord) -> dict[str, object]:
    return {
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


def _step(step: StepRecord) -> dict[str, object]:
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
