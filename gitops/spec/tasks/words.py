"""A line to words, as a POSIX shell splits them; nothing is expanded.

https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02
"""

from __future__ import annotations

import re

_PIECE = re.compile(
    r"(?P<space>[ \t\n]+)"
    r"|'(?P<single>[^']*)'"
    r"|\"(?P<double>(?:[^\"\\]|\\.)*)\""
    r"|\\(?P<escaped>.)"
    r"|(?P<plain>[^ \t\n'\"\\]+)",
    re.DOTALL,
)
_IN_DOUBLE = re.compile(r"\\([$`\"\\\n])")


class LineError(Exception):
    """What is wrong with a line of options, and what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def quoted(text: str, limit: int = 60) -> str:
    """Return a text as messages name it, shortened: `'abc'`."""
    return repr(text if len(text) <= limit else f"{text[:limit]}...")


def split_words(line: str) -> list[str]:
    """Return the words of a line. Raises `LineError` for what cannot be split or handed on."""
    if "\0" in line:
        raise LineError("it holds a NUL character, which no program can be given", "remove it")
    words: list[str] = []
    word: str | None = None
    at = 0
    while at < len(line):
        piece = _PIECE.match(line, at)
        if piece is None:
            raise _unfinished(line[at])
        at = piece.end()
        if piece.lastgroup == "space":
            words += [] if word is None else [word]
            word = None
        elif piece.group() != "\\\n":
            word = (word or "") + _meant(piece)
    return words if word is None else [*words, word]


def _meant(piece: re.Match[str]) -> str:
    text = piece.group(piece.lastgroup or 0)
    if piece.lastgroup != "double":
        return text
    return _IN_DOUBLE.sub(lambda match: match.group(1).strip("\n"), text)


def _unfinished(character: str) -> LineError:
    if character == "\\":
        return LineError("a backslash ends it", "write two, or put it in quotes")
    kind = "single" if character == "'" else "double"
    return LineError(
        f"a {kind} quote ({character}) is not closed", "close it, or escape it with \\"
    )
