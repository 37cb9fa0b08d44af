"""Limits of what a pull request may take of the machine, beside those that its task has."""

from __future__ import annotations

from threading import Lock

from gitops.drivers.base import Output
from gitops.engine.tasks.errand import UnreadableError
from gitops.engine.tasks.ports import TaskLog
from gitops.model.tasks import Task

MOST_STEPS = 100
MOST_PROCESSES = 4096
"""Of each step: its processes and threads."""
MOST_LOG = 64 << 20
"""Characters that are kept of what a run says."""
_CUT = f"a pull request's log ends after {MOST_LOG >> 20} MiB: what follows is not kept"


def check_size(task: Task) -> None:
    """Raise `UnreadableError` for a task of more steps than a stranger's may have."""
    if len(task.steps) > MOST_STEPS:
        raise UnreadableError(
            f"a pull request's task may have {MOST_STEPS} steps, and this one has {len(task.steps)}"
        )


class Allowance:
    """Counts characters, for several threads, and says once that there have been enough."""

    def __init__(self, most: int = MOST_LOG) -> None:
        self._left = most
        self._lock = Lock()

    def take(self, text: str) -> str:
        """Return what is to be kept of a text of whole lines: it, nothing, or that it ends here."""
        with self._lock:
            before, self._left = self._left, self._left - len(text)
            if self._left >= 0:
                return text
            return f"{_CUT}\n" if before >= 0 else ""


class CappedLog:
    """A `TaskLog` that keeps no more than the allowance."""

    def __init__(self, log: TaskLog) -> None:
        self._log = log
        self._allowance = Allowance()
        self.close = log.close

    def write(self, step: int, text: str) -> None:
        """Keep it, if there is room."""
        if kept := self._allowance.take(text):
            self._log.write(step, kept)


def capped(output: Output) -> Output:
    """Return an output that passes on lines up to the allowance."""
    allowance = Allowance()

    def line(text: str) -> None:
        if kept := allowance.take(f"{text}\n"):
            output(kept.removesuffix("\n"))

    return line
