"""Variables in a Dockerfile's words: `$X`, `${X:-word}`, quotes and escapes.

Forms: https://docs.docker.com/reference/dockerfile/#environment-replacement, and
https://github.com/moby/buildkit/blob/master/frontend/dockerfile/shell/lex.go
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

DEEPEST = 20
"""Substitutions inside of one another; nobody writes three."""
LONGEST = 4096
"""Characters of a value: ARGs that double one another must not fill the memory."""
MOST_STARS = 2
LONGEST_TRIMMED = 256
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = re.compile(r"[^$'\"}/\\`]+")


class Unresolved(Exception):  # noqa: N818 - a result as much as an error
    """The text cannot be told; the message says why."""


Values = Mapping[str, str | Unresolved]
"""A value by name, or why it cannot be told; one that has no value is not there."""


class _Scope(NamedTuple):
    values: Values
    escape: str
    depth: int = 0


class _At(NamedTuple):
    """What was read, and the offset of what follows."""

    text: str
    next: int


def expand(text: str, values: Values, escape: str = "\\") -> str:
    """Return `text` with its variables replaced and its quotes gone.

    Raises `Unresolved` for a variable without a value, and for a form that is not known.
    """
    return _until(text, 0, "", _Scope(values, escape)).text


def _until(text: str, at: int, stop: str, scope: _Scope) -> _At:
    """Read up to an unquoted `stop` and past it; an empty one is the end of the text."""
    out: list[str] = []
    size = 0
    while at < len(text):
        if text[at] == stop:
            return _At("".join(out), at + 1)
        piece = _piece(text, at, scope)
        out.append(piece.text)
        at = piece.next
        size += len(piece.text)
        if size > LONGEST:
            raise Unresolved(f"it is longer than {LONGEST} characters")
    if stop:
        raise Unresolved(f"{stop} is missing")
    return _At("".join(out), at)


def _piece(text: str, at: int, scope: _Scope) -> _At:
    """Read what begins at `at` outside of quotes."""
    char = text[at]
    if char == "$":
        return _variable(text, at + 1, scope)
    if char == "'":
        return _single(text, at + 1)
    if char == '"':
        return _double(text, at + 1, scope)
    if char == scope.escape:
        return _At(text[at + 1 : at + 2], at + 2)
    found = _PLAIN.match(text, at)
    return _At(found[0], found.end()) if found else _At(char, at + 1)


def _single(text: str, at: int) -> _At:
    end = text.find("'", at)
    if end < 0:
        raise Unresolved("a single quote is not closed")
    return _At(text[at:end], end + 1)


def _double(text: str, at: int, scope: _Scope) -> _At:
    out: list[str] = []
    size = 0
    while at < len(text):
        char = text[at]
        if char == '"':
            return _At("".join(out), at + 1)
        if char == "$":
            piece = _variable(text, at + 1, scope)
        elif char == scope.escape and text[at + 1 : at + 2] in ('"', "$", scope.escape):
            piece = _At(text[at + 1], at + 2)
        else:
            piece = _At(char, at + 1)
        out.append(piece.text)
        at = piece.next
        size += len(piece.text)
        if size > LONGEST:
            raise Unresolved(f"it is longer than {LONGEST} characters")
    raise Unresolved("a double quote is not closed")


def _variable(text: str, at: int, scope: _Scope) -> _At:
    """Read what follows a `$`."""
    braces = text[at : at + 1] == "{"
    found = _NAME.match(text, at + braces)
    if found is None and not braces:
        return _At("$", at)
    if found is None:
        raise Unresolved("${ is not followed by a name")
    name, at = found[0], found.end()
    if not braces:
        return _At(_needed(name, scope), at)
    sign = text[at : at + 1]
    if sign == "}":
        return _At(_needed(name, scope), at + 1)
    if scope.depth > DEEPEST:
        raise Unresolved("substitutions are nested too deep")
    inner = scope._replace(depth=scope.depth + 1)
    if sign == ":" or sign in ("-", "+", "?"):
        return _default(text, at, name, inner)
    if sign in ("#", "%"):
        return _trimmed(text, at, name, inner)
    raise Unresolved(f"${{{name}{sign} is not a form that can be resolved here")


def _needed(name: str, scope: _Scope) -> str:
    value = _value(name, scope)
    if value is None:
        raise Unresolved(f"{name} has no value: no ARG before the first FROM gives it one")
    return value


def _value(name: str, scope: _Scope) -> str | None:
    """Return the value, None when it is unset."""
    value = scope.values.get(name)
    if isinstance(value, Unresolved):
        raise Unresolved(str(value))  # a new one: what is raised collects its tracebacks
    return value


def _default(text: str, at: int, name: str, scope: _Scope) -> _At:
    """Read `-word`, `+word` or `?word`, with or without the colon that makes empty unset."""
    colon = text[at] == ":"
    sign = text[at + colon : at + colon + 1]
    value = _value(name, scope)
    unset = value is None or (colon and value == "")
    if sign not in ("-", "+", "?"):
        raise Unresolved(f"${{{name}:{sign} is not a form that can be resolved here")
    if unset is (sign == "+"):
        # The word is not used, so that what it names needs no value.
        return _At("" if unset else value or "", _closing(text, at))
    word = _until(text, at + colon + 1, "}", scope)
    if sign == "?":
        raise Unresolved(f"{name}: {word.text or 'has no value'}")
    return word


def _closing(text: str, at: int) -> int:
    """Return the offset after the brace that closes the one before `at`; 0 when none does."""
    depth = 1
    for found in re.finditer(r"\$\{|\}", text[at:]):
        depth += 1 if found[0] == "${" else -1
        if not depth:
            return at + found.end()
    raise Unresolved("} is missing")


def _trimmed(text: str, at: int, name: str, scope: _Scope) -> _At:
    """Read `#pattern` or `%pattern`, twice the sign for the longest; `*` and `?` are wild."""
    sign = text[at]
    longest = text[at + 1 : at + 2] == sign
    pattern = _until(text, at + 1 + longest, "}", scope)
    value = _needed(name, scope)
    if pattern.text.count("*") > MOST_STARS or len(value) > LONGEST_TRIMMED:
        raise Unresolved(f"${{{name}{sign} has a pattern that would take too long")
    wild = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern.text)
    lengths = range(len(value) + 1)
    for length in reversed(lengths) if longest else lengths:
        cut = value[:length] if sign == "#" else value[len(value) - length :]
        if re.fullmatch(wild, cut, re.DOTALL):
            return _At(
                value[length:] if sign == "#" else value[: len(value) - length], pattern.next
            )
    return _At(value, pattern.next)
