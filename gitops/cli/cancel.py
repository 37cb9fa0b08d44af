"""`gitops cancel`: ends runs of tasks, wherever on this machine they wait or work."""

from __future__ import annotations

import time

import click

from gitops.cli import exits
from gitops.cli.loading import project_of, settings
from gitops.cli.options import SpecOptions, spec_options
from gitops.drivers.processes import is_gone
from gitops.model.task_runs import RunStatus, TaskRun
from gitops.store.store import Store
from gitops.wiring.memory import open_store

_POLL = 0.1


@click.command("cancel")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@spec_options
@click.option("--no-wait", is_flag=True, help="Do not wait until they have ended.")
def command(runs: tuple[str, ...], specs: SpecOptions, *, no_wait: bool) -> int:
    """End runs of tasks that wait or work, and say how each ended. RUN is an id, or its beginning.

    The containers and processes of a run are killed at once. Exits with 0 when all of them ended
    canceled.
    """
    chosen = settings()
    store = open_store(project_of(specs), chosen)
    # All are asked before the first is waited for.
    asked = [(name, _ask(store, name, chosen.owner)) for name in runs]
    good = [_told(store, name, run, wait=not no_wait) for name, run in asked]
    return exits.OK if all(good) else exits.FAILED


def _ask(store: Store, name: str, owner: str) -> TaskRun | None:
    """Return the run as it was before it was asked to end; none if there is no such run."""
    run = store.task_runs.find(name)
    # One that nobody carries out any more is not ended by us: it did so by itself.
    if run is not None and not run.status.ended and not is_gone(run.host, run.process):
        store.task_runs.cancel(run.id, owner)
    return run


def _told(store: Store, name: str, run: TaskRun | None, *, wait: bool) -> bool:
    """Print how a run ended; return whether it was canceled, or is about to be."""
    if run is None:
        click.echo(f"error: there is no run {name}; `gitops runs --kind task` lists them", err=True)
        return False
    if run.status.ended:
        click.echo(f"run {run.id} has ended already: {_how(run)}")
        return run.status is RunStatus.CANCELED
    if not wait and not is_gone(run.host, run.process):
        click.echo(f"run {run.id} was asked to end")
        return True
    ended = _awaited(store, run)
    if ended is None:
        click.echo(f"run {run.id} is not remembered any more", err=True)
        return False
    click.echo(f"run {run.id}: {_how(ended)}")
    return ended.status is RunStatus.CANCELED


def _awaited(store: Store, run: TaskRun) -> TaskRun | None:
    """Return the run as it has ended, also when its process did before it could say so."""
    while True:
        # Asked first: what it wrote before its end is seen then.
        gone = is_gone(run.host, run.process)
        now = store.task_runs.find(run.id)
        if now is None or now.status.ended:
            return now
        if gone:
            store.task_runs.abandon([run.id])
            click.echo("what it left behind is removed by the next run of a task", err=True)
        else:
            time.sleep(_POLL)


def _how(run: TaskRun) -> str:
    return f"{run.status}: {run.message}" if run.message else str(run.status)
