"""Runs a task for a person: reads it, asks for a run, shows it, and leaves its record."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from types import MappingProxyType
from typing import NamedTuple

import click

from gitops.cli import exits
from gitops.cli.interrupting import abortable, interruptible
from gitops.cli.options import SpecOptions
from gitops.cli.place import project_of, settings
from gitops.cli.tasks.alias_files import alias_files
from gitops.cli.tasks.inputs import Handed, Wishes, handed
from gitops.cli.tasks.page import task_page
from gitops.cli.tasks.registries import Registries, registries
from gitops.cli.tasks.show import STOPPING, Show, exit_code, show_end
from gitops.cli.tasks.text import COMMAND, Files, Found, Known, Text, command_text, file_text
from gitops.drivers.contexts.files import Facts, RunFiles
from gitops.drivers.contexts.places import kept
from gitops.drivers.processes import this_host, this_process
from gitops.drivers.redact import Redactor
from gitops.engine.tasks.errand import Errand, UnreadableError, carry_out
from gitops.engine.tasks.stage import Allowed, Inputs, Limits
from gitops.model.quick_snapshots import TaskSnapshot
from gitops.model.task_runs import Cause, CauseKind, NewTaskRun, RunType
from gitops.model.tasks import BuildLine, Task
from gitops.plan.encoding import encode
from gitops.settings import Settings
from gitops.spec.tasks import TaskText
from gitops.wiring.errands import Errands, Ground, Manner, opened_files
from gitops.wiring.task_memory import open_runs

MADE = "the build"
"""What a task is called that was made of options."""
_IN_MADE = re.compile(rf"^{MADE}:\d+:\d+: error: (steps\[\d\]\.(build|push)(\[\d\])?: )?")

_IN_COMMAND = re.compile(rf"^{COMMAND}:\d+:\d+: error: steps\[0\]\.cmd: ", re.MULTILINE)


class QuickRun(NamedTuple):
    """What the user wants; an empty `context` is none.

    `text` is a task that was made of other options; `unnamed` are images that are to be pushed, and
    that name no registry.
    """

    file: str
    command: str
    context: str
    registry: str
    wishes: Wishes
    socket: bool
    limits: Limits
    project: str
    because: str = ""
    """What it repeats: `rerun of r1a2b3c4d5e6`."""
    text: str = ""
    type: RunType = RunType.QUICK_RUN
    unnamed: tuple[str, ...] = ()
    dockerfile: str = ""
    """The absolute path of a Dockerfile that lies outside of the context."""
    bases: Mapping[str, str] = MappingProxyType({})
    """Digests of what Dockerfiles build on, where that has to be as in an earlier run."""


class Prepared(NamedTuple):
    """All that was read before anything is run."""

    settings: Settings
    text: Text
    handed: Handed
    files: RunFiles | None
    registries: Registries


def dry_run(wish: QuickRun) -> int:
    """Print what would be run; no engine is asked."""
    with ExitStack() as stack:
        prepared, task = _ready(_prepared(wish), wish, stack)
        click.echo(Redactor(prepared.handed.hidden)(task_page(task)), nl=False)
    return exits.OK


def quick_run(wish: QuickRun) -> int:
    """Run it; return the exit code."""
    return carried_out(wish, _prepared(wish))


def carried_out(wish: QuickRun, preparing: AbstractContextManager[Prepared]) -> int:
    """Run what is prepared, for a person; return the exit code."""
    cancel = Event()
    with ExitStack() as stack:
        prepared, task = _ready(preparing, wish, stack)
        stack.enter_context(interruptible(cancel, STOPPING))
        project = project_of(SpecOptions((), wish.project, (), ()))
        with open_runs(project, prepared.settings) as book:
            ground = Ground(project, prepared.settings, prepared.registries.auths, book)
            errands = Errands(ground, prepared.handed.hidden)
            if any(isinstance(step.work, BuildLine) for step in task.steps):
                errands.prepare_builder()
            show = Show()
            show.many = len(task.steps) > 1
            errand = Errand(
                _new(wish, prepared, project),
                prepared.text.read,
                partial(errands.stage, manner=_manner(wish, prepared, show)),
            )
            report = carry_out(errand, errands.office(show.told), cancel)
    # Out here Ctrl-C ends the wait for a reader that stands still: the run has its end.
    show.close()
    show_end(report)
    return exit_code(report.run.status, interrupted=cancel.is_set())


def _ready(
    preparing: AbstractContextManager[Prepared], wish: QuickRun, stack: ExitStack
) -> tuple[Prepared, Task]:
    """Read all there is, which may be on a server that is slow: no run has begun meanwhile."""
    with abortable(wish.limits.timeout, "the files were not there"):
        prepared = stack.enter_context(preparing)
        return prepared, _read(prepared)


@contextmanager
def _prepared(wish: QuickRun) -> Iterator[Prepared]:
    """Read what there is to read, and keep the files of the run for as long as it takes."""
    here = settings()
    given = handed(wish.wishes, here.environ)
    known = registries(wish.registry, here, wish.project)
    if wish.unnamed and not known.server:
        raise click.UsageError(
            f"{wish.unnamed[0]} names no registry to push to, and none is known; give --registry "
            "SERVER or --no-push, write SERVER/NAME:TAG, or have one Registry in registry.yaml"
        )
    with ExitStack() as stack:
        opened = opened_files(here, wish.context, wish.dockerfile) if wish.context else None
        files = None if opened is None else stack.enter_context(opened)
        ask = None if files is None else (lambda: files)
        source, fetch = _found(wish, ask)
        facts = Facts("") if files is None else files.facts
        text = Text(source, Known(given, known.server, facts), fetch)
        yield Prepared(here, text, given, files, known)


def _found(wish: QuickRun, ask: Files | None) -> Found:
    if wish.text:
        return TaskText(wish.text, MADE, made=True), alias_files(None)
    return command_text(wish.command) if wish.command else file_text(wish.file, ask)


def _read(prepared: Prepared) -> Task:
    """Return the task, so that nothing is asked of an engine for one that is wrong."""
    try:
        return prepared.text.read()
    except UnreadableError as error:
        told = str(error)
        if prepared.text.source.file == MADE:
            # A task made of options: its lines mean nothing to whoever wrote those.
            lines = [_IN_MADE.sub("error: ", line) for line in told.splitlines()]
            told = "\n".join(dict.fromkeys(lines))
        elif prepared.text.source.file == COMMAND:
            told = _IN_COMMAND.sub(f"{COMMAND}: error: ", told)
        click.echo(told, err=True)
        raise SystemExit(exits.USAGE) from error


def _new(wish: QuickRun, prepared: Prepared, project: str) -> NewTaskRun:
    here, facts = prepared.settings, prepared.text.known.facts
    return NewTaskRun(
        project=project,
        task="",
        type=wish.type,
        causes=(Cause(CauseKind.MANUAL, f"{wish.because} by {here.owner}".lstrip()),),
        snapshot=_snapshot(wish, prepared),
        created=time.time(),
        owner=here.owner,
        host=this_host(),
        process=this_process(),
        commit=facts.commit,
        branch=facts.branch,
        url=facts.url,
    )


def _snapshot(wish: QuickRun, prepared: Prepared) -> str:
    """Return all that it takes to run the same again, without the value of any secret."""
    given, source = prepared.handed, prepared.text.source
    return encode(
        TaskSnapshot(
            text=source.text,
            file=source.file,
            folder=_folder(wish, source),
            top=str(prepared.text.fetch.top),
            made=source.made,
            context=kept(wish.context),
            dockerfile=wish.dockerfile,
            commit=prepared.text.known.facts.commit,
            tag=prepared.text.known.facts.tag,
            registry=prepared.registries.server,
            values=json.dumps(given.values, default=lambda _secret: None),
            secrets=given.references,
            hidden=given.unkept,
            docker_socket=wish.socket,
            timeout=wish.limits.timeout,
            aliases=prepared.text.fetch.kept(Redactor(given.hidden)),
            cpus=wish.limits.cpus,
            memory=wish.limits.memory,
            disk=wish.limits.disk,
        )
    )


def _folder(wish: QuickRun, source: TaskText) -> str:
    """Return where files of aliases lie: absolute on this machine, else within the context."""
    here = source.folder and not wish.because and Path(source.file).is_file()
    return str(Path(source.folder).resolve()) if here else source.folder


def _manner(wish: QuickRun, prepared: Prepared, show: Show) -> Manner:
    inputs = Inputs(
        context=prepared.files,
        registry=prepared.registries.server,
        secrets=prepared.handed.secrets,
        date=prepared.text.known.facts.date,
        bases=wish.bases,
    )
    return Manner(
        inputs,
        Allowed(socket=wish.socket),
        wish.limits,
        prepared.handed.hidden,
        show.screen,
    )
