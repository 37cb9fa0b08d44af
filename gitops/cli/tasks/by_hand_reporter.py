"""Shows a task's run that was asked for by hand as `gitops run FILE` shows a task file's."""

from __future__ import annotations

import click

from gitops.cli.pages.progress import told
from gitops.cli.tasks.show import Show
from gitops.model.actions import Build, Push, RunTask
from gitops.model.address import Address
from gitops.model.outcomes import Outcome, Retry, Stalled
from gitops.model.plan import Plan, Step
from gitops.model.tasks import Task
from gitops.plan.describe import describe


class ByHandReporter:
    """What the task says is on standard output; all else is on standard error.

    `run` is the id of the task's run, once there is one.
    """

    def __init__(self, task: Address) -> None:
        self.run = ""
        self.show = Show()
        self._task = task

    def told(self, run: str, why: str) -> None:
        """Say which run it is, or why it waits."""
        self.run = run
        self.show.told(run, why)

    def begins(self, task: Task) -> None:
        """Take a multi-step task: with several steps, each line names its own."""
        self.show.many = len(task.steps) > 1

    def planned(self, plan: Plan) -> None:
        """Say nothing: the steps say all there is to say of a plan for one task."""

    def began(self, step: Step) -> None:
        """Show what is done beside the task's own run."""
        if not self._own(step):
            self.note(f"{step.address}: {describe(step.action)}")

    def line(self, step: Step, text: str) -> None:
        """Show a line of a step's log."""
        if self._own(step):
            self.show.screen.output("", f"{text}\n")
        else:
            self.note(f"{step.address}: {text}")

    def ended(self, step: Step, outcome: Outcome, seconds: float) -> None:
        """Show what went wrong on the way to the run; how the run ended is told at its end."""
        if isinstance(outcome, Retry | Stalled) and not isinstance(step.action, Build | RunTask):
            self.note(f"error: {step.address}: {told(step, outcome, seconds)}")

    def note(self, text: str) -> None:
        """Show a line about the run as a whole."""
        click.echo(text, err=True)

    def close(self) -> None:
        """Show nothing more."""
        self.show.close()

    def _own(self, step: Step) -> bool:
        return step.address == self._task and isinstance(step.action, Build | Push | RunTask)
