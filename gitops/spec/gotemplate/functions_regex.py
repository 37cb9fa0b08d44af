"""Sprig's functions of regular expressions (https://masterminds.github.io/sprig/strings.html).

The engine is RE2, whose language Go's is, and whose time is linear. What it does with matches of
the empty text is Go's (https://pkg.go.dev/regexp): none counts right behind another match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

import re2

from gitops.spec.gotemplate.faults import Complaint
from gitops.spec.gotemplate.limits import check_items, check_size
from gitops.spec.gotemplate.signature import Function

LENGTH = 1_000
MEMORY = 8 << 20
"""Bytes that a compiled pattern may take, with its automata."""

REFERENCE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))", re.ASCII)
SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_LONGER = (0xC0, 0xE0, 0xF0)
"""The lowest first bytes of characters of two, three and four bytes in UTF-8."""


class Match(Protocol):
    """A match in bytes, as re2 gives it."""

    def span(self, group: int = 0) -> tuple[int, int]:
        """Return where a group begins and ends; -1 twice when it took no part."""
        ...


class Pattern(Protocol):
    """A compiled pattern of re2."""

    groups: int
    groupindex: dict[str, int]

    def search(self, text: bytes, pos: int) -> Match | None:
        """Return the first match that begins at `pos` or later."""
        ...


class Search(NamedTuple):
    """A pattern, and a text in UTF-8."""

    pattern: Pattern
    text: bytes

    def found(self) -> Iterator[Match]:
        """Give all matches from left to right, as Go's FindAll does."""
        place, last = 0, -1
        while place <= len(self.text) and (match := self.pattern.search(self.text, place)):
            begin, end = match.span()
            counts = not (end == place and begin == last)
            place = end if end != place else place + _width(self.text, place)
            last = end
            if counts:
                yield match

    def piece(self, match: Match, group: int | str = 0) -> str:
        """Return what a group matched; empty when it took no part."""
        number = self.pattern.groupindex[group] if isinstance(group, str) else group
        begin, end = match.span(number)
        return self.text[begin:end].decode() if begin >= 0 else ""


def searching(pattern: str, text: str) -> Search:
    """Return a pattern that is ready to be used on a text; complain when it is not of RE2's."""
    if len(pattern) > LENGTH:
        raise Complaint(f"the pattern is longer than {LENGTH} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MEMORY
    try:
        return Search(re2.compile(pattern, options), text.encode("utf-8", "replace"))
    except re2.error as error:
        told = error.args[0] if error.args else ""
        words = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
        raise Complaint(f"the pattern is not valid: {words}") from None


def _width(text: bytes, place: int) -> int:
    """Return how many bytes the character at `place` has; 1 at the end."""
    first = text[place] if place < len(text) else 0
    return 1 + sum(first >= lowest for lowest in _LONGER)


def matches(pattern: str, text: str) -> bool:
    """Say whether the pattern matches anywhere."""
    search = searching(pattern, text)
    return search.pattern.search(search.text, 0) is not None


def find(pattern: str, text: str) -> str:
    """Return the first match, or an empty text."""
    search = searching(pattern, text)
    return next((search.piece(match) for match in search.found()), "")


def find_all(pattern: str, text: str, most: int) -> list[object]:
    """Return the matches, at most so many, all for a negative number."""
    search = searching(pattern, text)
    found: list[object] = []
    for match in search.found():
        if len(found) == most:
            break
        found.append(search.piece(match))
        check_items(len(found))
    return found


def replace_all(pattern: str, text: str, new: str) -> str:
    """Return a text with each match replaced; `$1`, `${1}` and `${name}` stand for groups."""
    search = searching(pattern, text)

    def expanded(match: Match) -> str:
        return REFERENCE.sub(lambda reference: _group(search, match, reference), new)

    return _replaced(search, expanded)


def replace_literal(pattern: str, text: str, new: str) -> str:
    """Return a text with each match replaced by the new text as it stands."""
    return _replaced(searching(pattern, text), lambda _match: new)


def _replaced(search: Search, made: Callable[[Match], str]) -> str:
    parts: list[str] = []
    total = begin = 0
    for match in search.found():
        start, end = match.span()
        parts += [search.text[begin:start].decode(), made(match)]
        total += len(parts[-1])
        check_size(total)
        begin = end
    return "".join([*parts, search.text[begin:].decode()])


def _group(search: Search, match: Match, reference: re.Match[str]) -> str:
    dollar, braced, bare = reference.groups()
    if dollar:
        return "$"
    name = str(braced or bare)
    if name.isdigit():
        number = int(name[:9])
        return search.piece(match, number) if number <= search.pattern.groups else ""
    return search.piece(match, name) if name in search.pattern.groupindex else ""


def split(pattern: str, text: str, most: int) -> list[object]:
    """Return the parts between matches, at most so many, all for a negative number."""
    if most == 0:
        return []
    search = searching(pattern, text)
    if pattern and not search.text:
        return [""]
    parts: list[object] = []
    begin = end = 0
    for match in search.found():
        if 0 < most <= len(parts) + 1:
            break
        end, behind = match.span()
        if behind:
            parts.append(search.text[begin:end].decode())
        begin = behind
        check_items(len(parts))
    return parts if end == len(search.text) else [*parts, search.text[begin:].decode()]


FUNCTIONS = {
    "regexMatch": Function(matches, "ss"),
    "regexFind": Function(find, "ss"),
    "regexFindAll": Function(find_all, "ssi"),
    "regexReplaceAll": Function(replace_all, "sss"),
    "regexReplaceAllLiteral": Function(replace_literal, "sss"),
    "regexSplit": Function(split, "ssi"),
    "regexQuoteMeta": Function(lambda text: SPECIAL.sub(r"\\\g<0>", text), "s"),
}
