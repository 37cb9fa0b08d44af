"""Cuts a template into tokens: text, and the words inside `{{ }}`.

The rules are those of https://pkg.go.dev/text/template (text and spaces, actions, comments).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from gitops.spec.gotemplate.faults import fault_at

SPACE = " \t\r\n"
WORDS = re.compile(
    r"""(?P<close>[ \t\r\n]-\}\}|\}\})
    |(?P<space>[ \t\r\n]+(?!-\}\}))
    |(?P<string>"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`)
    |(?P<char>'(?:[^'\\\n]|\\[^\n])+')
    |(?P<number>[+-]?(?:[0-9]|\.[0-9])(?:[eE][+-]|[\w.])*)
    |(?P<variable>\$\w*)
    |(?P<field>\.[^\W\d]\w*)
    |(?P<dot>\.)
    |(?P<name>[^\W\d]\w*)
    |(?P<mark>:=|[=|(),])""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """One token: its kind, its text, where it begins, and whether space comes before it."""

    kind: str
    text: str
    at: int
    spaced: bool = False


def tokens(text: str) -> list[Token]:
    """Return the tokens of a template, the last one of kind `end`.

    Each action begins with a token of kind `open` and ends with one of kind `close`.
    """
    found: list[Token] = []
    at, trim = 0, False
    while (start := text.find("{{", at)) >= 0:
        dashed = text[start + 2 : start + 3] == "-" and text[start + 3 : start + 4] in {*SPACE}
        _add_text(found, text[at:start], at, (trim, dashed))
        inner = start + (4 if dashed else 2)
        slash = inner
        while dashed and text[slash : slash + 1] in {*SPACE}:
            slash += 1
        if text.startswith("/*", slash):
            at, trim = _comment(text, start, slash)
            continue
        found.append(Token("open", "{{", start))
        found.extend(_words(text, start, inner))
        at, trim = found[-1].at + len(found[-1].text), found[-1].text != "}}"
    _add_text(found, text[at:], at, (trim, False))
    found.append(Token("end", "", len(text)))
    return found


def _add_text(found: list[Token], text: str, at: int, trim: tuple[bool, bool]) -> None:
    before, after = trim
    text = text.lstrip(SPACE) if before else text
    text = text.rstrip(SPACE) if after else text
    if text:
        found.append(Token("text", text, at))


def _comment(text: str, start: int, slash: int) -> tuple[int, bool]:
    end = text.find("*/", slash + 2)
    if end < 0:
        raise fault_at(text, start, "the comment is not closed", "end it with */}}")
    closed = re.compile(r"[ \t\r\n]-\}\}|\}\}").match(text, end + 2)
    if closed is None:
        raise fault_at(text, end, "a comment ends before its action does", "end it with */}}")
    return closed.end(), closed.group() != "}}"


def _words(text: str, start: int, at: int) -> Iterator[Token]:
    spaced = False
    while True:
        match = WORDS.match(text, at)
        if match is None:
            raise _unreadable(text, start, at)
        kind, at = str(match.lastgroup), match.end()
        if kind == "space":
            spaced = True
            continue
        yield Token(kind, match.group(), match.start(), spaced)
        if kind == "close":
            return
        spaced = False


def _unreadable(text: str, start: int, at: int) -> Exception:
    found = text[at : at + 1]
    if not found:
        return fault_at(text, start, "the action is not closed", "end it with }}")
    if found in "\"'`":
        return fault_at(text, at, "the quoted text is not closed", f"end it with {found}")
    hint = 'for a key with a dash write `index .Values "a-b"`' if found == "-" else ""
    return fault_at(text, at, f"unexpected character {found!r} in an action", hint)
