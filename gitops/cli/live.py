"""Shows a run on a terminal: what is done stays, what is being done moves at the bottom."""

from __future__ import annotations

import time
from threading import RLock

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.text import Text

from gitops.cli.progress import told
from gitops.model.outcomes import Done, Outcome, Skipped, Superseded
from gitops.model.plan import Plan, Step
from gitops.plan.describe import describe
from gitops.plan.text import summary


class LiveReporter:
    """A line for each step that ended, and a clock and the last log line for each that runs.

    A step's log is kept back and shown only if the step goes wrong.
    """

    def __init__(self, *, color: bool) -> None:
        self._console = Console(no_color=not color, highlight=False, soft_wrap=True)
        self._lock = RLock()
        self._live: Live | None = None
        self._total = 0
        self._left = 0
        self._running: dict[int, tuple[Step, float]] = {}
        self._logs: dict[int, list[str]] = {}

    def planned(self, plan: Plan) -> None:
        """Begin a plan."""
        self._total = self._left = len(plan.steps)
        self._console.print(Text(summary(plan), style="bold"))
        self._live = Live(
            console=self._console, get_renderable=self._view, refresh_per_second=8, transient=True
        )
        self._live.start()

    def began(self, step: Step) -> None:
        """Show a step at the bottom."""
        with self._lock:
            self._running[step.number] = (step, time.monotonic())
            self._logs[step.number] = []

    def line(self, step: Step, text: str) -> None:
        """Show the last line of a step's log behind it."""
        with self._lock:
            self._logs.setdefault(step.number, []).append(text)

    def ended(self, step: Step, outcome: Outcome, seconds: float) -> None:
        """Move a step to what is done."""
        with self._lock:
            self._running.pop(step.number, None)
            log = self._logs.pop(step.number, [])
            mark, style = _mark(outcome)
            self._console.print(
                f"[{style}]{mark}[/] [dim]{step.number:>{len(str(self._total))}}.[/]"
                f" {escape(describe(step.action))} [dim]{escape(_tail(step, outcome, seconds))}[/]"
            )
            if style == "red":
                for kept in log:
                    self._console.print(f"    [dim]{escape(kept)}[/]")
            self._left -= 1
            if not self._left and self._live is not None:
                self._live.stop()

    def note(self, text: str) -> None:
        """Show a line about the whole run."""
        self._console.print(Text(text, style="yellow"))

    def _view(self) -> Group:
        now = time.monotonic()
        with self._lock:
            return Group(
                *(
                    Text.assemble(
                        ("> ", "cyan"),
                        describe(step.action),
                        (f"  {now - since:.0f} s  ", "dim"),
                        ((self._logs.get(number) or [""])[-1][:80], "dim"),
                        overflow="ellipsis",
                        no_wrap=True,
                    )
                    for number, (step, since) in sorted(self._running.items())
                )
            )


def _mark(outcome: Outcome) -> tuple[str, str]:
    match outcome:
        case Done():
            return "✓", "green"
        case Skipped() | Superseded():
            return "-", "yellow"
        case _:
            return "✗", "red"


def _tail(step: Step, outcome: Outcome, seconds: float) -> str:
    match outcome:
        case Done():
            return f"{step.because}, {seconds:.1f} s"
        case Skipped(because_of):
            return f"skipped: step {because_of} did not end well"
        case _:
            return told(step, outcome, seconds)
