"""From a place in the text that aliases and templates made to the place in the file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from gitops.model.diagnostics import Diagnostic

_COMPARED = 2000
"""Lines that are compared one with another: the time grows with the square."""

_LONGEST = 10_000
"""Characters of a line that are compared."""

_OTHER_LINE = re.compile(r"(?<=it is on line )\d+|(?<=begins on line )\d+")
"""What a finding tells of a second place in the text."""


class Trace(NamedTuple):
    """Lines of a file, those of a text made from it, and the number of the old line of each."""

    olds: Sequence[str]
    news: Sequence[str]
    origins: Sequence[int]

    def original(self, line: int, column: int) -> tuple[int, int]:
        """Return line and column in the file, from 1, for those in the text."""
        at = min(line, len(self.news)) - 1
        number = min(self.origins[at], len(self.olds) - 1)
        return number + 1, _column(self.olds[number], self.news[at], column)

    def traced(self, found: Diagnostic) -> Diagnostic:
        """Return a finding in the text with its place in the file."""
        line, column = self.original(found.span.line, found.span.column)
        return found._replace(
            span=found.span._replace(line=line, column=column),
            message=_OTHER_LINE.sub(self._other, found.message),
            hint=_OTHER_LINE.sub(self._other, found.hint),
        )

    def _other(self, match: re.Match[str]) -> str:
        return str(self.original(int(match[0]), 1)[0])


def trace(source: str, text: str) -> Trace:
    """Return how the lines of `text` come from those of `source`."""
    olds, news = source.split("\n"), text.split("\n")
    if len(olds) == len(news):
        return Trace(olds, news, range(len(news)))
    head = _common(olds, news)
    tail = _common(olds[head:][::-1], news[head:][::-1])
    middle = _compared(olds[head : len(olds) - tail], news[head : len(news) - tail])
    return Trace(
        olds,
        news,
        [
            *range(head),
            *(head + number for number in middle),
            *range(len(olds) - tail, len(olds)),
        ],
    )


def _compared(olds: Sequence[str], news: Sequence[str]) -> Sequence[int]:
    """Return for each new line the old one that it is, or that stands where it was put in."""
    if max(len(olds), len(news)) > _COMPARED:
        return [0] * len(news)
    found: list[int] = []
    from difflib import SequenceMatcher  # noqa: PLC0415 - loaded where there is a mistake

    matcher = SequenceMatcher(None, olds, news, autojunk=False)
    for _, old, old_end, new, new_end in matcher.get_opcodes():
        last = max(old_end - 1, 0)
        found += [min(old + number, last) for number in range(new_end - new)]
    return found


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    """Return how many elements both begin with."""
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count


def _column(old: str, new: str, column: int) -> int:
    """Return a column of `old`: text that was put in counts as its first character."""
    if old == new or max(len(old), len(new)) > _LONGEST:
        return min(column, len(old) + 1)
    head = _common(old, new)
    if column <= head + 1:
        return column
    tail = min(_common(old[::-1], new[::-1]), min(len(old), len(new)) - head)
    return column - len(new) + len(old) if column > len(new) - tail else head + 1
