"""The text of a task, and what it becomes: steps for a run, or a page for a person."""

from __future__ import annotations

import json
import posixpath
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click

from gitops.cli.tasks.alias_files import AliasFiles, alias_files, read_bounded
from gitops.cli.tasks.inputs import Handed
from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.contexts.files import Facts, RunFiles
from gitops.engine.tasks.errand import UnreadableError
from gitops.engine.tasks.names import shared_volume
from gitops.model.diagnostics import Diagnostic, Severity, Span, has_errors
from gitops.model.secret import Secret
from gitops.model.tasks import RunFacts, SecretNeed, Task
from gitops.spec.limits import FILE_BYTES
from gitops.spec.report import as_text
from gitops.spec.tasks import Given, TaskText, read_task, secrets_needed

_NOBODY = "dry-run"
"""The run's id in what is only looked at."""


COMMAND = "--cmd"
"""What a task of one command is called."""


class Known(NamedTuple):
    """What templates may ask for, beside the run itself."""

    handed: Handed
    registry: str
    facts: Facts
    task: str = ""


class Text(NamedTuple):
    """A task's text, and what it is rendered with."""

    source: TaskText
    known: Known
    fetch: AliasFiles

    def read(self, run: str = _NOBODY) -> Task:
        """Return the task of a run; raise `UnreadableError` with all that is wrong."""
        given = self._given(run)
        needs, wrong = secrets_needed(self.source, given, self.fetch)
        _check(wrong)
        _demand(needs, self.known.handed.secrets, self.source.file)
        task, found = read_task(self.source, given, self.fetch)
        if task is None:
            _check(found)
            raise UnreadableError(f"{self.source.file} holds no task")
        if found and run == _NOBODY:
            # Once: the reading for the run itself would say the same again.
            click.echo(as_text(found).rstrip(), err=True)
        return task

    def _given(self, run: str) -> Given:
        known, now = self.known, time.time()
        server = known.registry
        facts = RunFacts(
            id=run,
            registry=server,
            registry_name=server.partition(":")[0].partition(".")[0],
            date=datetime.fromtimestamp(now, UTC).strftime("%Y%m%d-%H%M%Sz"),
            commit=known.facts.commit,
            branch=known.facts.branch,
            git_tag=known.facts.tag,
            repository=known.facts.url,
            task_name=known.task,
            triggered_by="Manual",
            shared_volume=shared_volume(run),
        )
        return Given(facts, known.handed.values, known.handed.secrets, now)


def _check(found: tuple[Diagnostic, ...]) -> None:
    if has_errors(found):
        raise UnreadableError(as_text(found).rstrip())


def _demand(needs: tuple[SecretNeed, ...], given: Mapping[str, Secret], file: str) -> None:
    missing = [need for need in needs if need.id not in given]
    if missing:
        raise UnreadableError(
            as_text(
                Diagnostic(
                    Severity.ERROR,
                    Span(file, need.line, 1),
                    f"the secret {need.id!r} was not given"
                    f"{f', it is {need.keyvault} in Azure' if need.keyvault else ''}",
                    f"give it with --secret {need.id}=@FILE or --secret {need.id}:env=NAME",
                )
                for need in missing
            ).rstrip()
        )


Files = Callable[[], RunFiles]
Found = tuple[TaskText, AliasFiles]


def command_text(command: str) -> Found:
    """Return the task of one command; JSON's strings are YAML's."""
    text = f"version: v1.1.0\nsteps:\n  - cmd: {json.dumps(command, ensure_ascii=False)}\n"
    return TaskText(text, COMMAND, made=True), alias_files(None)


def file_text(name: str, files: Files | None) -> Found:
    """Return the text of `-`, of a file here, or else of a file of the context.

    With it comes what reads the files of aliases that it names, which are where it is. Raises
    `click.UsageError` when there is none.
    """
    if name == "-":
        text = _decoded(sys.stdin.buffer.read(FILE_BYTES + 1), "standard input")
        return TaskText(text, "standard input"), alias_files(None)
    path = Path(name)
    if path.is_file():
        text = _decoded(read_bounded(path), name)
        return TaskText(text, name, str(path.parent)), alias_files(None)
    try:
        if files is not None:
            text = _decoded(files().read(name), name)
            return TaskText(text, name, posixpath.dirname(name)), alias_files(files)
    except DriverError as error:
        if error.kind not in (ErrorKind.MISSING, ErrorKind.INVALID):
            raise
    if path.is_dir():
        raise click.UsageError(f"{name} is a folder: name the task file in it")
    where = "here or in the context" if files is not None else "here, and no context was given"
    raise click.UsageError(f"there is no file {name} {where}")


def _decoded(content: bytes, name: str) -> str:
    if len(content) > FILE_BYTES:
        raise click.UsageError(
            f"{name} is larger than {FILE_BYTES >> 20} MiB: that is no task file"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{name} is not UTF-8 text") from error
