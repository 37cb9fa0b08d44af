"""The end of a log, kept until it is known whether anybody wants to see it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator


class LastLines:
    """Takes text of whole lines, and keeps the last ones: a log may have no end."""

    def __init__(self, most: int = 100) -> None:
        self._lines: deque[str] = deque(maxlen=most)
        self._count = 0

    def add(self, text: str) -> None:
        """Take one or more lines, without the last line end."""
        lines = text.split("\n")
        self._lines.extend(lines)
        self._count += len(lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """Return those that are kept."""
        return tuple(self._lines)

    @property
    def last(self) -> str:
        """Return the last line; empty when there is none."""
        return self._lines[-1] if self._lines else ""

    def __iter__(self) -> Iterator[str]:
        """Give what is kept, below a line that tells how much is not."""
        left_out = self._count - len(self._lines)
        if left_out:
            yield f"... {left_out} lines before, which `gitops logs` has"
        yield from self._lines
