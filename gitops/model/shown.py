"""Text from elsewhere as it may be shown on a terminal: none of it moves a cursor (ECMA-48)."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\udc80-\udcff]")
_COLOURS = r"\x1b\[[0-9;:]*m"
"""What sets colours and other renditions (SGR)."""
_KEPT = re.compile(rf"({_COLOURS}|[\n\t])")


def plain(text: str) -> str:
    """Return a name: each control character of it is written out, as in Python."""
    return _CONTROL.sub(lambda found: ascii(found.group())[1:-1], text)


def plain_lines(text: str) -> str:
    """Return a message, which may have several lines, without its colours."""
    return tame(re.sub(_COLOURS, "", text))


def tame(text: str) -> str:
    """Return lines of a log, with their colours; all else that controls a terminal is written out.

    A carriage return before the end of a line is dropped: it would write over the line.
    """
    found = _KEPT.split(text.replace("\r\n", "\n"))
    return "".join(piece if number % 2 else plain(piece) for number, piece in enumerate(found))
