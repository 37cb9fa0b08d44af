"""Shows a run line by line: for CI, pipes, and terminals that want it plain."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock

import click

from gitops.engine.reports.last_lines import LastLines
from gitops.model.actions import Build, Push, RunTask
from gitops.model.address import Address
from gitops.model.outcomes import Done, Outcome, Retry, Skipped, Stalled, Superseded
from gitops.model.plan import Plan, Step
from gitops.model.shown import plain_lines, tame
from gitops.plan.describe import describe
from gitops.plan.text import summary


class PlainReporter:
    """A line when a step begins and when it ends; its log as it comes, or only if it goes wrong.

    Several plans may run at once, so a line says what it is about. Output that cannot be written,
    as its reader has gone or the disk is full, ends what is shown, not the work.
    """

    def __init__(self, *, logs: bool = True, quiet: bool = False) -> None:
        self._lock = Lock()
        self._logs = logs
        self._quiet = quiet
        self._kept: dict[tuple[Address, int], LastLines] = {}
        self._error: OSError | None = None

    def planned(self, plan: Plan) -> None:
        """Show what is about to be done."""
        self._say(summary(plan))

    def began(self, step: Step) -> None:
        """Show that a step begins, and why."""
        self._say(f"{_place(step)} {describe(step.action)}: {step.because}")

    def line(self, step: Step, text: str) -> None:
        """Show lines of a step's log, or keep them."""
        text = tame(text)
        if self._logs:
            self._say(_quoted(step, text.split("\n")))
        else:
            with self._lock:
                self._kept.setdefault((step.address, step.number), LastLines()).add(text)

    def ended(self, step: Step, outcome: Outcome, seconds: float) -> None:
        """Show how a step ended."""
        with self._lock:
            kept = self._kept.pop((step.address, step.number), ())
        shown = self._logs and isinstance(step.action, Build | Push | RunTask)
        said = told(step, outcome, seconds)
        # What a build says of its failure is the end of the log that has just been shown.
        end = f"{_place(step)} {said.splitlines()[0] if shown else said}"
        if kept and isinstance(outcome, Retry | Stalled):
            end = f"{_quoted(step, kept)}\n{end}"
        self._say(end)

    def note(self, text: str) -> None:
        """Show a line about the whole run."""
        self._say(text)

    def close(self) -> None:
        """Raise what kept the output from being written."""
        if self._error is not None:
            raise self._error

    def _say(self, text: str) -> None:
        with self._lock:
            if self._quiet or self._error is not None:
                return
            try:
                click.echo(text)
            except OSError as error:
                self._error = error


def _quoted(step: Step, lines: Iterable[str]) -> str:
    return "\n".join(f"{_place(step)} | {line}" for line in lines)


def _place(step: Step) -> str:
    return f"{step.address} {step.number}."


def told(step: Step, outcome: Outcome, seconds: float) -> str:
    """Return how a step ended, in words; several lines when it went wrong."""
    match outcome:
        case Done(detail):
            tail = f" ({detail})" if detail else ""
            return f"done in {seconds:.1f} s{tail}"
        case Skipped(because_of):
            return f"skipped: step {because_of} did not end well ({describe(step.action)})"
        case Superseded(by):
            return f"given up for {by} ({describe(step.action)})"
        case Retry(reason, detail) | Stalled(reason, detail):
            lines = "".join(f"\n    {line}" for line in detail.splitlines())
            return plain_lines(f"FAILED: {reason}{lines}")


def failures_as_data(failures: Iterable[tuple[Step, Outcome]]) -> list[dict[str, object]]:
    """Return what went wrong as plain data, for JSON and YAML."""
    return [
        {"step": step.number, "address": str(step.address), "reason": told(step, outcome, 0)}
        for step, outcome in failures
    ]
