"""Shows a run on a terminal: what is done stays, what is being done moves at the bottom."""

from __future__ import annotations

import time
from threading import Lock

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.text import Text

from gitops.cli.pages.progress import told
from gitops.engine.reports.last_lines import LastLines
from gitops.model.outcomes import Done, Outcome, Skipped, Superseded
from gitops.model.plan import Plan, Step
from gitops.model.shown import plain_lines
from gitops.plan.describe import describe, verb
from gitops.plan.text import summary


class LiveReporter:
    """A line for each step that ended, and a clock and the last log line for each that runs.

    A step's log is kept back and shown only if the step goes wrong.
    """

    def __init__(self, *, color: bool) -> None:
        self._console = Console(no_color=not color, highlight=False, soft_wrap=True)
        self._lock = Lock()
        self._live: Live | None = None
        self._left = 0
        self._width = 0
        self._running: dict[int, tuple[Step, float]] = {}
        self._logs: dict[int, LastLines] = {}

    def planned(self, plan: Plan) -> None:
        """Begin a plan."""
        self._left = len(plan.steps)
        self._width = max((len(str(step.address)) for step in plan.steps), default=0)
        self._console.print(Text(summary(plan), style="bold"))
        self._live = Live(
            console=self._console, get_renderable=self._view, refresh_per_second=8, transient=True
        )
        self._live.start()

    def began(self, step: Step) -> None:
        """Show a step at the bottom."""
        with self._lock:
            self._running[step.number] = (step, time.monotonic())
            self._logs[step.number] = LastLines()

    def line(self, step: Step, text: str) -> None:
        """Show the last line of a step's log behind it."""
        with self._lock:
            self._logs.setdefault(step.number, LastLines()).add(plain_lines(text))

    def ended(self, step: Step, outcome: Outcome, seconds: float) -> None:
        """Move a step to what is done."""
        with self._lock:
            self._running.pop(step.number, None)
            log = self._logs.pop(step.number, LastLines())
            self._left -= 1
            last = not self._left
        # Rich draws in a thread of its own, under its own lock, and asks `_view`: printing or
        # stopping it with our lock held would wait for ever.
        mark, style = _mark(outcome)
        where = f"{step.address!s:{self._width}}"
        tail = escape(_tail(step, outcome, seconds))
        said = f"[{style}]{mark}[/] {where}  {escape(describe(step.action))}  [dim]{tail}[/]"
        kept = [f"    [dim]{escape(line)}[/]" for line in log if style == "red"]
        self._console.print("\n".join([said, *kept]))
        if last and self._live is not None:
            self._live.stop()

    def note(self, text: str) -> None:
        """Show a line about the whole run."""
        self._console.print(Text(text, style="yellow"))

    def close(self) -> None:
        """Give the terminal back."""
        if self._live is not None:
            self._live.stop()

    def _view(self) -> Group:
        now = time.monotonic()
        with self._lock:
            return Group(
                *(
                    Text.assemble(
                        ("> ", "cyan"),
                        (f"{now - since:4.0f} s  ", "dim"),
                        f"{step.address!s:{self._width}}  ",
                        *self._doing(step, number),
                        overflow="ellipsis",
                        no_wrap=True,
                    )
                    for number, (step, since) in sorted(self._running.items())
                )
            )

    def _doing(self, step: Step, number: int) -> tuple[str | tuple[str, str], ...]:
        """Return the last line of a step's log, or what it does as long as it says nothing."""
        log = self._logs.get(number)
        if log is None or not log.last.strip():
            return (describe(step.action),)
        return (f"{verb(step.action)}  ", (log.last, "dim"))


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
            return f"{seconds:.1f} s  {step.because}"
        case Skipped(because_of):
            return f"skipped: step {because_of} did not end well"
        case _:
            return told(step, outcome, seconds)
