"""Shows a run of a task while it happens, and how it ended."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import partial

import click

from gitops.cli import exits
from gitops.cli.pages.spool import Spool
from gitops.engine.tasks.errand import Report
from gitops.engine.tasks.stage import Screen
from gitops.model.task_runs import OutputImage, RunStatus, TaskRun

STOPPING = "canceling the run, and taking away what it made; again to stop at once"
"""What is said when Ctrl-C ends a run."""


class Show:
    """Prints what steps say, from several threads; with several steps each line names its own.

    A reader that is slow does not slow the run; one that has gone (`| head`) ends the show only.
    """

    def __init__(self) -> None:
        self.many = False
        self._spool = Spool(_print, _remark)
        self.close = self._spool.close

    @property
    def screen(self) -> Screen:
        """What programs print goes to standard output, all else to standard error."""
        return Screen(partial(self._put, 0), partial(self._put, 1))

    def _put(self, to: int, step: str, text: str) -> None:
        """Print whole lines of a step; without a step they are the run's own."""
        if self.many and step:
            lines = text.removesuffix("\n").split("\n")  # output may hold other ends of lines
            text = "".join(f"{step}: {line}\n" for line in lines)
        self._spool.put(text, to)

    def told(self, run: str, why: str) -> None:
        """Say which run it is, or why it waits."""
        with suppress(BrokenPipeError):
            click.echo(f"run {run}{f': {why}' if why else ''}", err=True)


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _remark(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def show_end(report: Report) -> None:
    """Print the summary on standard error, so that standard output holds the steps' words only."""
    show_ended(report.run, report.result.images)
    for left in report.result.leftover:
        click.echo(f"  left behind: {left}", err=True)


def show_ended(run: TaskRun, images: Iterable[OutputImage]) -> None:
    """Print how a run ended, and what it pushed, on standard error."""
    took = (run.ended or 0.0) - (run.started or run.created)
    message = f": {run.message}" if run.message else ""
    click.echo(f"run {run.id} {run.status} after {took:.1f} s{message}", err=True)
    for image in images:
        click.echo(f"  {image}", err=True)


def exit_code(status: RunStatus, *, interrupted: bool) -> int:
    """Return the code that a command ends with after a run."""
    if status is RunStatus.SUCCEEDED:
        return exits.OK
    return exits.INTERRUPTED if interrupted else exits.FAILED
