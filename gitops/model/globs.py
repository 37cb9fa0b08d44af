"""Patterns that choose files by their paths: what `triggers.commit.paths` and `ignore` hold.

They read as in `.gitignore` (https://git-scm.com/docs/gitignore) and, where they have a slash, as
in the path filters of GitHub Actions:

- `*` and `?` stand for anything but a slash, `[a-z]` and `[!a-z]` for one character, `**` for
  anything, slashes included; a backslash takes the next character as it is.
- A pattern without a slash (`*.md`) matches at any depth, one with a slash (`/x`, `web/*.md`) from
  the top. A trailing slash does not count for that: `docs/` is any folder of that name.
- A name without wildcards at the end, and a trailing slash, cover all that is below: `web`, `web/`.
- `!` in front takes out again what an earlier pattern chose. The last one that matches decides. If
  the first one has a `!`, everything is chosen before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_TOKEN = re.compile(r"\*\*/|/\*\*$|\*+|\?|\[[!^]?\]?[^\]]*\]|\\.|.", re.DOTALL)
_WILD = re.compile(r"[*?\[]")


class Glob(NamedTuple):
    """One pattern; `negative` for one that begins with `!`."""

    regex: re.Pattern[str]
    negative: bool


class Globs:
    """Patterns in their order. Raises `ValueError` with a sentence for the user."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._globs = [_compiled(pattern) for pattern in patterns]

    def match(self, path: str) -> bool:
        """Say whether `path` (relative, forward slashes) is chosen; without patterns it is not."""
        chosen = bool(self._globs) and self._globs[0].negative
        for glob in self._globs:
            if glob.negative == chosen and glob.regex.fullmatch(path):
                chosen = not glob.negative
        return chosen


def one_glob(pattern: str) -> re.Pattern[str]:
    """Return a whole name's pattern, in which a slash is just what `*` leaves out: for tags."""
    return re.compile(_translated(pattern), re.DOTALL)


def _compiled(pattern: str) -> Glob:
    body = pattern.removeprefix("!")
    text = body.strip("/")
    if not text:
        raise ValueError(f"{pattern!r} is not a pattern of paths: write for instance web/**")
    anchored = body.startswith("/") or "/" in text
    covers = body.endswith("/") or not _WILD.search(text.rpartition("/")[2])
    front = "" if anchored else "(?:.*/)?"
    back = "/.*" if body.endswith("/") else "(?:/.*)?" if covers else ""
    return Glob(
        re.compile(front + _translated(text) + back, re.DOTALL), negative=pattern.startswith("!")
    )


def _translated(text: str) -> str:
    return "".join(_regex(token, text) for token in _TOKEN.findall(text))


def _regex(piece: str, text: str) -> str:
    if piece == "**/":
        return "(?:.*/)?"
    if piece == "/**":
        return "/.*"
    if piece.startswith("**"):
        return ".*"
    if piece in "*?":
        return "[^/]*" if piece == "*" else "[^/]"
    if piece == "[":
        raise ValueError(f"the pattern {text!r} has a [ without a ]")
    if piece.startswith("["):
        return _set(piece[1:-1], text)
    return re.escape(piece[1:] if len(piece) > 1 else piece)


def _set(body: str, text: str) -> str:
    """Translate a character set, which never matches a slash."""
    negative = body[:1] in ("!", "^")
    inner = "".join("-" if letter == "-" else re.escape(letter) for letter in body[negative:])
    try:
        re.compile(f"[{inner}]")
    except re.error as error:
        raise ValueError(f"the pattern {text!r} has a wrong set [{body}]") from error
    return f"(?!/)[{'^' if negative else ''}{inner}]"
