"""What the last lines of a log give away about why a process ended.

Few patterns, each of words that programs use for one thing only: a wrong guess is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_NAME = r"[\"'`$({\[]*(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)[\"'`)}\]]*"
"""The name of a variable: in capitals, and with an underscore, since FATAL and ERROR are none."""

_ANY_NAME = r"[\"'`$({\[]*(?P<name>[A-Z][A-Z0-9_]+)[\"'`)}\]]*"
"""Where the line says that it is a variable, it needs no underscore."""

_VARIABLE = r"(?i:env(?:ironment)?(?:[ -]var(?:iable)?s?)?|variables?)"
_LACKS = (
    r"(?i:(?:must be|has to be|needs to be) set|(?:(?:is|was|are|must be|parameter)\s+)?"
    r"(?:missing|required|not set|unset|undefined|not defined|not found|not provided|"
    r"unbound variable|null or not set))\b"
)
_MISSING = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\bKeyError: {_ANY_NAME}\s*$",
        rf"{_VARIABLE}:?\s+{_ANY_NAME}:?\s+{_LACKS}",
        rf"{_ANY_NAME}:?\s+{_VARIABLE}\s+{_LACKS}",
        rf"(?i:missing|required|undefined|unset|no)\b(?i: required)?\s+{_VARIABLE}:?\s+{_ANY_NAME}",
        rf"(?<![A-Z0-9_]){_NAME}:?\s+{_LACKS}",
        rf"(?i:missing|undefined|unset):?\s+{_NAME}",
    )
)

_WRONG_MACHINE = re.compile(r"exec format error", re.IGNORECASE)
_NO_PROGRAM = re.compile(
    r"exec(?:utable file)?[ :].*(?:not found|no such file or directory)|: not found\b|"
    r"command not found",
    re.IGNORECASE,
)
_NOT_ALLOWED = re.compile(r"permission denied", re.IGNORECASE)
_PORT_TAKEN = re.compile(r"address already in use|EADDRINUSE", re.IGNORECASE)


class Clue(NamedTuple):
    """A line of the log, and the name in it that matters."""

    line: str
    name: str = ""


def missing_variable(log: Sequence[str]) -> Clue | None:
    """Return the last line that says that an environment variable is missing."""
    for line in reversed(log):
        for pattern in _MISSING:
            found = pattern.search(line)
            if found:
                return Clue(line.strip(), found["name"])
    return None


def wrong_machine(log: Sequence[str]) -> Clue | None:
    """Return the line in which the kernel refuses a program of another processor."""
    return _last(log, _WRONG_MACHINE)


def no_program(log: Sequence[str]) -> Clue | None:
    """Return the line in which a shell does not find a program."""
    return _last(log, _NO_PROGRAM)


def not_allowed(log: Sequence[str]) -> Clue | None:
    """Return the line that says that something is not permitted."""
    return _last(log, _NOT_ALLOWED)


def port_taken(log: Sequence[str]) -> Clue | None:
    """Return the line that says that a port in the container is in use already."""
    return _last(log, _PORT_TAKEN)


def last_line(log: Sequence[str]) -> str:
    """Return the last line that says something."""
    return next((line.strip() for line in reversed(log) if line.strip()), "")


def _last(log: Sequence[str], pattern: re.Pattern[str]) -> Clue | None:
    return next((Clue(line.strip()) for line in reversed(log) if pattern.search(line)), None)
