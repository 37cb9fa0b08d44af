"""The log of a task's run: printed as a whole, or followed until the run ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

import click

from gitops.cli import exits
from gitops.cli.pages.coloring import color_of
from gitops.cli.pages.moments import moment
from gitops.cli.tasks.seen_runs import as_seen
from gitops.model.task_runs import LogBlock, RunStatus, TaskRun, TaskStepRun
from gitops.store.store import Store

_POLL = 0.2
_OWN = "run"
"""The name of what a run says of itself."""


class RunChoice(NamedTuple):
    """Which lines of a run: none of `tail` is all; `since` is seconds since 1970."""

    step: str
    tail: int | None
    since: float
    timestamps: bool
    follow: bool
    color: bool


class _Steps:
    """The steps of a run, which are not known before it begins."""

    def __init__(self, store: Store, run: str, wanted: str) -> None:
        self._store = store
        self._run = run
        self._wanted = wanted
        self.found: tuple[TaskStepRun, ...] = ()

    def look(self, *, final: bool) -> bool:
        """Return whether the wanted step can be told; raise `UsageError` when it never will."""
        if not self.found:
            self.found = self._store.task_runs.steps(self._run)
        if not self._wanted or self.number is not None:
            return True
        if self.found or final:
            known = ", ".join(step.id for step in self.found) or "none"
            raise click.UsageError(f"run {self._run} has no step {self._wanted!r}; it has {known}")
        return False

    @property
    def number(self) -> int | None:
        """The wanted step's number; none is every step."""
        ids = {step.id: step.number for step in self.found}
        return ids.get(self._wanted)


def print_run_log(store: Store, run: TaskRun, choice: RunChoice) -> int:
    """Print the log of a run; with `follow` until it has ended, however that comes."""
    steps = _Steps(store, run.id, choice.step)
    printer: _Printer | None = None
    while True:
        # The status first: what was written before the end is read after it.
        kept = store.task_runs.find(run.id)
        now = None if kept is None else as_seen(store, kept)
        last = now is None or now.status.ended or not choice.follow
        if steps.look(final=last):
            printer = printer or _Printer(store, run.id, steps, choice)
            printer.print_new()
        if last:
            if choice.follow:
                _tell_end(run.id, now)
            return exits.OK
        sys.stdout.flush()
        time.sleep(_POLL)


def read_all(store: Store, run: str) -> Iterator[LogBlock]:
    """Give the blocks of a run's log that there are, a few in memory at a time."""
    after = 0
    while blocks := store.task_runs.blocks(run, None, after):
        yield from blocks
        after = blocks[-1].sequence


def _tell_end(run: str, now: TaskRun | None) -> None:
    if now is None:
        click.echo(f"run {run} is not remembered any more", err=True)
    elif now.status is not RunStatus.SUCCEEDED:
        why = f": {now.message}" if now.message else ""
        click.echo(f"run {run}: {now.status}{why}", err=True)


class _Printer:
    """Prints the blocks of a run that it has not printed yet."""

    def __init__(self, store: Store, run: str, steps: _Steps, choice: RunChoice) -> None:
        self._store = store
        self._run = run
        self._steps = steps
        self._choice = choice
        self._after, self._skip = 0, 0
        if choice.tail is not None:
            self._after, self._skip = store.task_runs.tail(run, steps.number, choice.tail)

    def print_new(self) -> None:
        """Print what there is by now, a few blocks in memory at a time."""
        number = self._steps.number
        while blocks := self._store.task_runs.blocks(self._run, number, self._after):
            for block in blocks:
                text, self._skip = "".join(_lines(block.text)[self._skip :]), 0
                if block.time >= self._choice.since:
                    sys.stdout.write(self._shown(block, text))
                self._after = block.sequence

    def _shown(self, block: LogBlock, text: str) -> str:
        stamp = f"{moment(block.time)} " if self._choice.timestamps else ""
        prefix = stamp + self._prefix(block.step)
        return "".join(f"{prefix}{line}" for line in _lines(text)) if prefix else text

    def _prefix(self, number: int) -> str:
        names = [step.id for step in self._steps.found]
        if self._choice.step or len(names) <= 1:
            return ""
        own = {step.number: step.id for step in self._steps.found}
        text = f"{own.get(number, _OWN):{max(map(len, names))}} | "
        return click.style(text, fg=color_of(number)) if self._choice.color else text


def _lines(text: str) -> list[str]:
    """Return the lines with their ends; `splitlines` would cut at a carriage return as well."""
    return [f"{line}\n" for line in text.removesuffix("\n").split("\n")]
