"""`gitops runs`: what was done, when, and how it ended; builds and tasks, and all else."""

from __future__ import annotations

import sys
import time
from typing import NamedTuple

import click

from gitops.cli import exits
from gitops.cli.loading import project_of, settings
from gitops.cli.options import SpecOptions, output_option, spec_options
from gitops.cli.pages import reconcile_runs
from gitops.cli.pages.moments import ago, moment, span
from gitops.cli.pages.output import emit
from gitops.cli.tasks import runs_page
from gitops.cli.tasks.seen_runs import as_seen, list_seen
from gitops.model.records import RunRecord, RunState
from gitops.model.task_runs import CauseKind, RunStatus, TaskRun
from gitops.store.store import Store
from gitops.store.task_reading import RunQuery
from gitops.wiring.memory import open_store

_NAMES = ("RUN ID", "TASK", "STATUS", "TRIGGER", "STARTED", "DURATION")
_WHOLE = ("RUN ID", "STATUS", "STARTED", "DURATION")


class _Listed(NamedTuple):
    """A run of either kind in a list; `cells` are those of the table, from the second on."""

    begun: float
    id: str
    cells: tuple[str, ...]
    document: dict[str, object]
    line: str


@click.command("runs")
@click.argument("what", metavar="[show] [RUN]", nargs=-1)
@spec_options
@output_option("text", "json", "yaml")
@click.option(
    "--kind",
    type=click.Choice(["all", "task", "reconcile"]),
    help="Only runs of tasks, or only what changed the world.  [default: all]",
)
@click.option("--task", metavar="NAME", help="Only those of one BuildTask.")
@click.option(
    "--status",
    type=click.Choice([str(status) for status in RunStatus], case_sensitive=False),
    help="Only runs of tasks with this status.",
)
@click.option(
    "--cause",
    type=click.Choice([str(kind) for kind in CauseKind], case_sensitive=False),
    help="Only runs of tasks that answer to this.",
)
@click.option(
    "--image",
    default="",
    metavar="TEXT",
    help="Only runs that pushed this repository, repository:tag, tag or digest.",
)
@click.option("--branch", default="", metavar="NAME", help="Only runs of tasks on this branch.")
@click.option(
    "--state",
    type=click.Choice([str(state) for state in RunState]),
    help="Only runs of reconcile in this state.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="NUMBER",
    help="How many of the latest.",
)
def command(
    what: tuple[str, ...],
    specs: SpecOptions,
    output: str,
    kind: str | None,
    limit: int,
    state: str | None,
    **filters: str | None,
) -> int:
    """List runs, the latest first, or show RUN: its id, or how that begins.

    A run of reconcile that found nothing to do is not kept.
    """
    chosen = settings()
    project = project_of(specs)
    store = open_store(project, chosen)
    if what:
        return _show(store, (project, _named(what)), output, color=chosen.color)
    kind = _kind(kind, state, filters)
    found = _tasks(store, project, _query(filters, limit)) if kind != "reconcile" else []
    if kind != "task":
        found += _reconciles(store, project, limit, RunState(state) if state else None)
    found = sorted(found, key=lambda one: one.begun, reverse=True)[:limit]
    if output != "text":
        emit([one.document for one in found], output)
    elif kind == "reconcile":
        for one in found:
            click.echo(one.line)
    elif found:
        from gitops.cli.pages.tables import print_table  # noqa: PLC0415 - rich: 70 ms, only for a table

        rows = [(one.id, *one.cells) for one in found]
        print_table(_NAMES, rows, color=chosen.color, whole=_WHOLE)
    if not found:
        click.echo(f"no run of project {project} matches", err=True)
    return exits.OK


def _named(what: tuple[str, ...]) -> str:
    names = what[1:] if what[0] == "show" else what
    if len(names) != 1:
        raise click.UsageError("name one run: gitops runs show RUN")
    return names[0]


def _kind(kind: str | None, state: str | None, filters: dict[str, str | None]) -> str:
    """Return which kind is listed: a filter that only one kind has chooses that kind."""
    of_task = [name for name, value in filters.items() if value]
    if state and of_task:
        raise click.UsageError(f"--state is of runs of reconcile, --{of_task[0]} of tasks: use one")
    filtered = "reconcile" if state else "task" if of_task else None
    if kind and kind != "all" and filtered and kind != filtered:
        option = "state" if state else of_task[0]
        raise click.UsageError(f"--{option} is no filter of --kind {kind}")
    return filtered or kind or "all"


def _query(filters: dict[str, str | None], limit: int) -> RunQuery:
    task, status, cause = filters["task"], filters["status"], filters["cause"]
    return RunQuery(
        task=task.removeprefix("BuildTask/") if task else None,
        statuses=(RunStatus(status),) if status else (),
        cause=CauseKind(cause) if cause else None,
        image=filters["image"] or "",
        branch=filters["branch"] or "",
        limit=limit,
    )


def _tasks(store: Store, project: str, wanted: RunQuery) -> list[_Listed]:
    return [_listed_task(run) for run in list_seen(store, project, wanted)]


def _listed_task(run: TaskRun) -> _Listed:
    began = run.started if run.started is not None else run.created
    cells = (
        run.task or f"({run.type})",
        str(run.status),
        runs_page.causes_of(run),
        _begun(began),
        span(run.started, run.ended) or "-",
    )
    return _Listed(run.created, run.id, cells, runs_page.run_document(run), "")


def _begun(seconds: float) -> str:
    """Return when a run began: for people at a terminal how long ago, which is shorter."""
    return ago(time.time() - seconds) if sys.stdout.isatty() else moment(seconds)


def _reconciles(store: Store, project: str, limit: int, state: RunState | None) -> list[_Listed]:
    found = reconcile_runs.list_seen(store, project, limit, state)
    return [_listed_reconcile(record) for record in found]


def _listed_reconcile(record: RunRecord) -> _Listed:
    cells = (
        record.command,
        str(record.state),
        record.reason,
        _begun(record.started),
        span(record.started, record.ended) or "-",
    )
    return _Listed(
        record.started,
        record.id,
        cells,
        reconcile_runs.run_document(record),
        reconcile_runs.run_line(record),
    )


def _show(store: Store, what: tuple[str, str], output: str, *, color: bool) -> int:
    project, name = what
    run = store.task_runs.find(name)
    if run is not None:
        seen = as_seen(store, run)
        if output == "text":
            runs_page.print_page(store, seen, color=color)
        else:
            emit(runs_page.full_document(store, seen), output)
        return exits.OK
    record = store.runs.find(name)
    if record is None:
        message = f"project {project} has no run {name}; `gitops runs` lists them"
        click.echo(f"error: {message}, those of another with --project", err=True)
        return exits.FAILED
    record = reconcile_runs.as_seen(store, record)
    if output == "text":
        reconcile_runs.print_page(store, record)
    else:
        emit(reconcile_runs.full_document(store, record), output)
    return exits.OK
