"""What is kept of a build's log while it runs: its end, and the stages that took part.

A build may print for ever, and whoever shows or remembers it does so line by line.
"""

from __future__ import annotations

import re
from collections import deque

from gitops.drivers.builders.stages import logged_stages

LINES = 200
LONGEST = 4096
"""Characters of a line that are kept."""

_STEP = re.compile(r"Step \d+/\d+ : ")


class BuildLog:
    """Takes lines in their order; memory stays flat."""

    def __init__(self) -> None:
        self._tail: deque[str] = deque(maxlen=LINES)
        self._stages: dict[str, None] = {}
        self._step = ""

    def add(self, line: str) -> None:
        """Take a line."""
        kept = line[:LONGEST]
        self._tail.append(kept)
        self._stages |= dict.fromkeys(logged_stages((kept,)))
        if _STEP.match(kept):
            self._step = kept

    @property
    def tail(self) -> list[str]:
        """Return the last lines, behind the line of the step that said them if that was earlier."""
        lines = list(self._tail)
        far = self._step and self._step not in lines
        return [self._step, *lines] if far else lines

    @property
    def stages(self) -> tuple[str, ...]:
        """Return the named stages that took part, in the order in which they were first named."""
        return tuple(self._stages)
