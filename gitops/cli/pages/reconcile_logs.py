"""The log of a run's steps: of `reconcile`, `watch` or a wish."""

from __future__ import annotations

import re
import time

import click

from gitops.cli import exits
from gitops.cli.pages.following import Choice
from gitops.cli.tasks.logs import read_all
from gitops.drivers.processes import is_alive
from gitops.model.address import Address
from gitops.model.records import LogLine, RunRecord, RunState, StepState
from gitops.store.store import Store

_POLL = 0.2
_RUN = re.compile(r"run (r[0-9a-z]+)(?::|$)")
"""How a step says which run of a task it has begun."""


def print_build_log(
    store: Store, project: str, task: Address, choice: Choice, *, follow: bool
) -> int:
    """Print the log of the step that built a task last."""
    for record in store.runs.list(project, limit=200):
        for step in store.runs.steps(record.id):
            begun = step.state not in (StepState.PENDING, StepState.SKIPPED)
            if step.address == task and step.action == "Build" and begun:
                return print_steps_log(store, record, step.number, choice, follow=follow)
    click.echo(f"{task} was not built by this machine, as far as is remembered", err=True)
    return exits.FAILED


def print_steps_log(
    store: Store, record: RunRecord, step: int | None, choice: Choice, *, follow: bool
) -> int:
    """Print the log of a run, or of one step; with `follow` until the run has ended."""
    lines = tuple(line for line in store.runs.log(record.id, step) if line.time >= choice.since)
    named = step is None
    last = _print(lines[-choice.tail :], 0, named=named)
    if not follow:
        _print_runs(store, lines[-choice.tail :], named=named)
    while follow and _goes_on(store, record):
        time.sleep(_POLL)
        last = _print(store.runs.log(record.id, step, after=last), last, named=step is None)
    return exits.OK


def _print_runs(store: Store, lines: tuple[LogLine, ...], *, named: bool) -> None:
    """Print the logs of the runs of tasks that steps have begun, which are kept with those."""
    for line in lines:
        found = _RUN.match(line.line)
        for block in read_all(store, found[1]) if found else ():
            text = block.text.removesuffix("\n")
            for one in text.split("\n"):
                click.echo(f"{line.step}. {one}" if named else one)


def _goes_on(store: Store, record: RunRecord) -> bool:
    now = store.runs.find(record.id)
    running = now is not None and now.state is RunState.RUNNING
    return running and is_alive(record.host, record.process) is not False


def _print(lines: tuple[LogLine, ...], last: int, *, named: bool) -> int:
    for line in lines:
        click.echo(f"{line.step}. {line.line}" if named else line.line)
        last = line.sequence
    return last
