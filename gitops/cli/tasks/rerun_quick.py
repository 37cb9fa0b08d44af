"""Does a quick run again: its text, values and files come from what was kept of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from gitops.cli.place import settings
from gitops.cli.tasks.alias_files import alias_files
from gitops.cli.tasks.inputs import handed
from gitops.cli.tasks.quick_run import MADE, Prepared, QuickRun, carried_out
from gitops.cli.tasks.registries import registries
from gitops.cli.tasks.rerun_secrets import Anew, given_again
from gitops.cli.tasks.text import Known, Text
from gitops.drivers.contexts.files import Facts, RunFiles
from gitops.drivers.contexts.places import Kind, place_of
from gitops.drivers.redact import Redactor
from gitops.engine.tasks.stage import Limits
from gitops.model.quick_snapshots import TaskSnapshot
from gitops.model.task_runs import TaskRun
from gitops.spec.tasks import TaskText
from gitops.wiring.errands import opened_files
from gitops.wiring.task_memory import open_runs


def rerun_quick(record: TaskRun, kept: TaskSnapshot, anew: Anew) -> int:
    """Run it again; return the exit code. Raises `click.UsageError` for a secret that is missing.

    A commit is read again as it was. A folder, or what another URL names, is as it is now.
    """
    wish = QuickRun(
        file=kept.file,
        command="",
        context=_pinned(record, kept),
        registry=kept.registry,
        wishes=given_again(record, anew, kept.secrets, kept.hidden),
        socket=kept.docker_socket,
        limits=Limits(kept.timeout, kept.cpus, kept.memory, disk=kept.disk),
        project=record.project,
        type=record.type,
        because=f"rerun of {record.id}",
        dockerfile=kept.dockerfile,
    )
    if kept.context and not kept.commit:
        click.echo(
            f"warning: {kept.context} is read as it is now; it may have changed since {record.id}",
            err=True,
        )
    with open_runs(record.project, settings()) as book:
        wish = wish._replace(bases=book.bases(record.id))
    return carried_out(wish, _prepared(wish, record, kept))


@contextmanager
def _prepared(wish: QuickRun, record: TaskRun, kept: TaskSnapshot) -> Iterator[Prepared]:
    here = settings()
    given = handed(wish.wishes, here.environ, json.loads(kept.values))
    known = registries(kept.registry, here, wish.project)
    with ExitStack() as stack:
        opened = opened_files(here, wish.context, wish.dockerfile) if wish.context else None
        files = None if opened is None else stack.enter_context(opened)
        # By its commit alone, a remote does not tell which branch or tag it was.
        facts = Facts("") if files is None else files.facts
        facts = facts._replace(branch=record.branch, tag=kept.tag)
        source = TaskText(kept.text, kept.file, kept.folder, kept.made)
        text = Text(
            source,
            Known(given, known.server, facts),
            alias_files(_shelf(kept, files), kept.top, kept.aliases, Redactor(given.hidden)),
        )
        yield Prepared(here, text, given, files, known)


def _shelf(kept: TaskSnapshot, files: RunFiles | None) -> Callable[[], RunFiles] | None:
    """Return where files of aliases are read: in the context, if the task's file came from it."""
    here = Path(kept.folder).is_absolute() or kept.file in ("standard input", MADE)
    return None if files is None or here else lambda: files


def _pinned(record: TaskRun, kept: TaskSnapshot) -> str:
    """Return the context with the commit that it stood for: `URL#COMMIT:FOLDER`."""
    place = place_of(kept.context) if kept.context else None
    if place is not None and place.kind is Kind.STDIN:
        raise click.UsageError(
            f"the files of {record.id} came from standard input, and are kept nowhere: run "
            "`gitops run` again with them"
        )
    if place is None or place.kind is not Kind.GIT or not kept.commit:
        return kept.context
    folder = f":{place.folder}" if place.folder else ""
    return f"{kept.context.partition('#')[0]}#{kept.commit}{folder}"
