"""Lines cut out of a text whose templates may reach over them.

What is cut becomes empty, so that everything else keeps its line and column. Of the actions
(https://pkg.go.dev/text/template#hdr-Actions) in it those stay that what is kept depends on: the
`if` and `end` around kept lines, the variables that are read there, and templates called there.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

_ACTION = re.compile(
    r"\{\{(?:-\s+)?/\*.*?\*/\s*-?\}\}"
    r"|\{\{(?!(?:-\s+)?/\*)(?:\"(?:[^\"\\\n]|\\.)*+\"|`[^`]*+`|'(?:[^'\\\n]|\\.)++'|[^\"`'}]|\}(?!\}))*+\}\}",
    re.DOTALL,
)
_WORD = re.compile(r"\{\{-?\s*(if|with|range|define|block|else|end|template)\b")
_DECLARED = re.compile(r"\{\{-?\s*\$(\w+)\s*:?=")
_VARIABLE = re.compile(r"\$(\w+)")


class _Span(NamedTuple):
    start: int
    end: int


class _Block(NamedTuple):
    """A block from its first action to its end, and its own actions."""

    word: str
    whole: _Span
    actions: tuple[_Span, ...]


def cut(text: str, kept: Sequence[bool]) -> str:
    """Return a text with those lines empty that are not `kept`."""
    actions = list(_actions(text))
    lines = list(_whole(_spans(text), kept, actions))
    pieces, at = [], 0
    for start, end in sorted([*lines, *_depended(text, lines, actions)]):
        if start > at:
            pieces.append(_blank(text[at:start]))
        pieces.append(text[max(at, start) : end])
        at = max(at, end)
    return "".join([*pieces, "\n" * text.count("\n", at)])


def _blank(gap: str) -> str:
    """Return nothing but line ends, and spaces before what stands behind on the last line."""
    return "\n" * gap.count("\n") + " " * (len(gap) - gap.rfind("\n") - 1)


def _actions(text: str) -> Iterator[_Span]:
    """Give the actions up to one that is not closed, which no rendering gets past."""
    start = text.find("{{")
    while start >= 0:
        found = _ACTION.match(text, start)
        if found is None:
            return
        yield _Span(*found.span())
        start = text.find("{{", found.end())


def _spans(text: str) -> Iterator[_Span]:
    start = 0
    for line in text.split("\n"):
        yield _Span(start, start + len(line))
        start += len(line) + 1


def _whole(
    lines: Iterable[_Span], kept: Sequence[bool], actions: Iterable[_Span]
) -> Iterator[_Span]:
    """Give the lines to keep: one inside an action goes the way of the action's first line."""
    waiting = iter(actions)
    action = next(waiting, None)
    stays = False
    for line, stay in zip(lines, kept, strict=True):
        while action is not None and action.end <= line.start:
            action = next(waiting, None)
        if action is None or line.start <= action.start:
            stays = stay
        if stays:
            yield line


def _depended(text: str, lines: Sequence[_Span], actions: Sequence[_Span]) -> list[_Span]:
    """Return the actions, and whole templates, that kept lines depend on."""
    blocks = list(_blocks(text, actions))
    ends = [line.end for line in lines]

    def touched(span: _Span) -> bool:
        at = bisect_right(ends, span.start)
        return at < len(lines) and lines[at].start < span.end

    around = [
        action
        for block in blocks
        if block.word != "define" and touched(block.whole)
        for action in block.actions
    ]
    found = [*(one for one in actions if touched(one)), *around]
    if any(_word(text, one) == "template" for one in found):
        around += [block.whole for block in blocks if block.word == "define"]
    return [*around, *_declarations(text, found, actions)]


def _declarations(text: str, found: Iterable[_Span], actions: Iterable[_Span]) -> list[_Span]:
    """Return the declarations of the variables that actions read, and of those that they read."""
    by_name: dict[str, list[_Span]] = {}
    for one in actions:
        declared = _DECLARED.match(text, one.start)
        if declared:
            by_name.setdefault(declared.group(1), []).append(one)
    declarations: list[_Span] = []
    waiting = list(found)
    while waiting:
        start, end = waiting.pop()
        for name in _VARIABLE.findall(text, start, end):
            more = by_name.pop(name, [])
            declarations += more
            waiting += more
    return declarations


def _blocks(text: str, actions: Iterable[_Span]) -> Iterator[_Block]:
    """Give the blocks that are closed, inner ones first."""
    opened: list[list[_Span]] = []
    for one in actions:
        word = _word(text, one)
        if word in ("if", "with", "range", "define", "block"):
            opened.append([one])
        elif word in ("else", "end") and opened:
            opened[-1].append(one)
            if word == "end":
                own = opened.pop()
                yield _Block(_word(text, own[0]), _Span(own[0].start, one.end), tuple(own))


def _word(text: str, action: _Span) -> str:
    found = _WORD.match(text, action.start)
    return found.group(1) if found else ""
