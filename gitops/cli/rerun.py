"""`gitops rerun`: do again what a run of a task did, with the same inputs."""

from __future__ import annotations

import click

from gitops.cli import exits
from gitops.cli.options import SpecOptions, spec_options
from gitops.cli.place import project_of, settings
from gitops.cli.tasks.rerun_quick import rerun_quick
from gitops.cli.tasks.rerun_secrets import Anew
from gitops.model.quick_snapshots import TaskSnapshot
from gitops.model.task_runs import TaskRun
from gitops.model.task_snapshots import BuildSnapshot, ByHand
from gitops.plan.encoding import UnreadableError, decode
from gitops.store.store import Store
from gitops.wiring.memory import open_store


@click.command("rerun")
@click.argument("run")
@spec_options
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="ID=VALUE",
    help="A secret that was typed, given anew: ID=VALUE, ID=@FILE or ID:env=NAME; repeatable.",
)
@click.option(
    "--set-secret",
    "secret_settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A secret value, given anew; repeatable.",
)
def command(
    run: str, specs: SpecOptions, secrets: tuple[str, ...], secret_settings: tuple[str, ...]
) -> int:
    """Do RUN again: its id, or how that begins.

    Commit, args, values and base images are those of RUN; secrets are read again.
    """
    chosen = settings()
    store = open_store(project_of(specs), chosen)
    record = store.task_runs.find(run)
    if record is None:
        click.echo(f"error: there is no run {run}; `gitops runs --kind task` lists them", err=True)
        return exits.FAILED
    found = _snapshot(store, record)
    if isinstance(found, TaskSnapshot):
        return rerun_quick(record, found, Anew(secrets, secret_settings))
    if (secrets or secret_settings) and found.given == ByHand():
        raise click.UsageError(
            f"{record.id} is of BuildTask/{record.task}: its secrets are read where the spec says"
        )
    from gitops.cli.tasks.rerun_build import rerun_build  # noqa: PLC0415 - 70 ms, only for a BuildTask

    return rerun_build(specs, record, found, Anew(secrets, secret_settings))


def _snapshot(store: Store, record: TaskRun) -> TaskSnapshot | BuildSnapshot:
    text = store.task_runs.snapshot(record.id)
    try:
        return decode(BuildSnapshot, text) if record.task else decode(TaskSnapshot, text)
    except UnreadableError as error:
        raise click.ClickException(
            f"run {record.id} cannot be done again: what was kept of it is of another version of "
            f"gitops ({error})"
        ) from error
