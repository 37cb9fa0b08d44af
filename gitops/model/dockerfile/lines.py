"""A Dockerfile's text as instructions, each of which knows where its characters stand in the file.

Syntax: https://docs.docker.com/reference/dockerfile/#format and, for what it leaves open, BuildKit:
https://github.com/moby/buildkit/blob/master/frontend/dockerfile/parser/parser.go
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

BYTE_ORDER_MARK = "\ufeff"
_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*\Z")
_KEYWORD = re.compile(r"\s*(\S+)\s*")
_FLAG = re.compile(r"(--(?:\"[^\"]*\"|'[^']*'|\S)+)\s*")
_WORD = re.compile(r"(?:\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"|[^\s'\"\\])+")
_BALANCED = re.compile(rf"(?:\s|{_WORD.pattern})*+\\?\Z")
_HEREDOC = re.compile(r"\d*<<(-?)(['\"]?)([^<'\"]+)\2\Z")
_WITH_HEREDOC = ("ADD", "COPY", "RUN")


class Word(NamedTuple):
    """Text, and the offset in the file of each of its characters."""

    text: str
    spots: Sequence[int]

    def part(self, start: int, end: int | None = None) -> Word:
        """Return the characters from `start` to `end`."""
        return Word(self.text[start:end], self.spots[start:end])


class Instruction(NamedTuple):
    """One instruction: `keyword` in upper case, `line` counted from 1, `rest` without the flags."""

    line: int
    keyword: str
    flags: tuple[Word, ...]
    rest: Word

    def inner(self) -> Instruction:
        """Return the instruction that an ONBUILD holds."""
        return _instruction(self.line, self.rest)

    def words(self) -> tuple[Word, ...]:
        """Return what stands between white space."""
        return tuple(self.rest.part(*found.span()) for found in re.finditer(r"\S+", self.rest.text))


class _Line(NamedTuple):
    start: int
    text: str


class Dockerfile(NamedTuple):
    """The instructions in their order, and the character that takes a meaning away."""

    instructions: tuple[Instruction, ...]
    escape: str


def read(text: str, *, heredocs: bool = True) -> Dockerfile:
    """Split a Dockerfile; text that is no Dockerfile gives instructions that nobody knows.

    Old builders know no `heredocs`: what stands in one is instructions to them.
    """
    lines = _lines(text)
    escape = _escape(lines)
    return Dockerfile(tuple(_instructions(lines, escape, heredocs=heredocs)), escape)


def _lines(text: str) -> list[_Line]:
    start = len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK) else 0
    found = []
    for line in text[start:].split("\n"):
        found.append(_Line(start, line.removesuffix("\r")))
        start += len(line) + 1
    return found


def _escape(lines: Sequence[_Line]) -> str:
    """Return what the directive `escape` says; directives stand before anything else."""
    for line in lines:
        found = _DIRECTIVE.match(line.text)
        if found is None or found[1].lower() not in ("escape", "syntax", "check"):
            break
        if found[1].lower() == "escape" and found[2] in ("\\", "`"):
            return found[2]
    return "\\"


def _instructions(lines: Sequence[_Line], escape: str, *, heredocs: bool) -> Iterator[Instruction]:
    last = {
        (dash, line.text.lstrip("\t" * len(dash))): number
        for number, line in enumerate(lines)
        for dash in ("", "-")
    }
    at = 0
    while at < len(lines):
        word, after = _joined(lines, at, escape)
        if word.text.strip():
            found = _instruction(at + 1, word)
            yield found
            for key in _heredocs(found) if heredocs else ():
                if last.get(key, -1) < after:
                    break  # BuildKit refuses such a file, and for the classic builder it is none
                after = _past(lines, after, key)
        at = after


def _joined(lines: Sequence[_Line], at: int, escape: str) -> tuple[Word, int]:
    """Return the instruction that begins at line `at`, and the line after it.

    Comments and empty lines inside of a continued instruction are no part of it.
    """
    text: list[str] = []
    spots: list[int] = []
    for number in range(at, len(lines)):
        line = lines[number]
        comment = line.text.lstrip()[:1] in ("", "#")
        if comment and number == at:
            return Word("", ()), at + 1
        if comment:
            continue
        kept = line.text.rstrip(" \t")
        goes_on = kept.endswith(escape) and not kept.endswith(escape * 2)
        kept = kept.removesuffix(escape) if goes_on else line.text
        text.append(kept)
        spots.extend(range(line.start, line.start + len(kept)))
        if not goes_on:
            return Word("".join(text), spots), number + 1
    return Word("".join(text), spots), len(lines)


def _instruction(line: int, word: Word) -> Instruction:
    found = _KEYWORD.match(word.text)
    if found is None:
        return Instruction(line, "", (), word)
    flags = []
    at = found.end()
    while flag := _FLAG.match(word.text, at):
        flags.append(word.part(*flag.span(1)))
        at = flag.end()
    return Instruction(line, found[1].upper(), tuple(flags), word.part(at))


def _heredocs(instruction: Instruction) -> Iterator[tuple[str, str]]:
    """Yield (`-` when tabs before the end do not count, name) of each here-document."""
    if instruction.keyword == "ONBUILD":
        instruction = instruction.inner()
    text = instruction.rest.text
    if instruction.keyword in _WITH_HEREDOC and "<<" in text and _BALANCED.match(text):
        for word in _WORD.findall(text):
            if found := _HEREDOC.match(word):
                yield found[1], found[3]


def _past(lines: Sequence[_Line], at: int, key: tuple[str, str]) -> int:
    """Return the line after the end of a here-document that begins at line `at`."""
    dash, name = key
    while lines[at].text.lstrip("\t" * len(dash)) != name:
        at += 1
    return at + 1
