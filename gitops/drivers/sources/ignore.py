"""`.dockerignore`: which files of a context are not sent.

The rules are those of the engine and of BuildKit, https://docs.docker.com/build/concepts/context/
and https://github.com/moby/patternmatcher. The SDK's own matcher is not used: it lets
`node_modules/x` through under `**/node_modules`, and never ignores `.dockerignore` itself.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from typing import NamedTuple

from gitops.drivers.base import HIDDEN_DOCKERFILE, DriverError, ErrorKind
from gitops.drivers.sources.automaton import Automaton, Part

NAME = ".dockerignore"

ALWAYS = ("**/.git",)
"""Comes before a user's own lines. A git source has no `.git`; a folder with one would be another
context after each `git status`. `!.git` takes it in again."""


FEW = 2
"""Wildcards that the regular expressions of Python still match in a bearable time."""


class Pattern(NamedTuple):
    """One line: `exception` is a line that begins with `!`."""

    text: str
    exception: bool
    regex: re.Pattern[str] | Automaton


def parse_ignore(text: str) -> tuple[str, ...]:
    """Return the lines of a `.dockerignore` that are patterns, cleaned as Go's path.Clean does."""
    lines = []
    for raw in text.removeprefix("\ufeff").splitlines():
        if raw.startswith("#") or not raw.strip():
            continue
        line = raw.strip()
        exception = line.startswith("!")
        body = line[1:].strip() if exception else line
        if not body:
            raise DriverError(ErrorKind.INVALID, f"{NAME}: a line with nothing but `!`")
        clean = posixpath.normpath(body)
        clean = clean.lstrip("/") or clean
        lines.append(("!" if exception else "") + clean)
    return tuple(lines)


class Matcher:
    """Answers for one context; the last line that matches a path, or a folder above it, decides."""

    def __init__(self, lines: Sequence[str] = ()) -> None:
        self._patterns = [_compile(line) for line in (*ALWAYS, *lines) if line not in (".", "/")]
        self._exceptions = [pattern.text for pattern in self._patterns if pattern.exception]
        self._folders: dict[str, tuple[bool, ...]] = {"": (False,) * len(self._patterns)}

    def ignored(self, path: str) -> bool:
        """Say whether `path` (relative, forward slashes) is left out.

        What has the name of hidden Dockerfiles is, or a builder would have two of them.
        """
        if path == HIDDEN_DOCKERFILE or path.startswith(f"{HIDDEN_DOCKERFILE}/"):
            return True
        ignored = False
        for pattern, match in zip(self._patterns, self._matches(path), strict=True):
            if match:
                ignored = not pattern.exception
        return ignored

    def closed(self, folder: str) -> bool:
        """Say whether nothing below an ignored folder can come in again: it need not be read."""
        return self.ignored(folder) and not any(_reaches(text, folder) for text in self._exceptions)

    def _matches(self, path: str) -> tuple[bool, ...]:
        above = self._folder(posixpath.dirname(path))
        return tuple(
            match or pattern.regex.fullmatch(path) is not None
            for pattern, match in zip(self._patterns, above, strict=True)
        )

    def _folder(self, folder: str) -> tuple[bool, ...]:
        missing = []
        place = folder
        while place not in self._folders:  # not by recursion: a tree may be a thousand levels deep
            missing.append(place)
            place = posixpath.dirname(place)
        for path in reversed(missing):
            self._folders[path] = self._matches(path)
        return self._folders[folder]


def _reaches(exception: str, folder: str) -> bool:
    """Say whether an exception may match something below `folder`.

    Part for part: `!src/**/x` cannot below `node_modules`, which need not be looked through then.
    """
    for part, name in zip(exception.split("/"), folder.split("/"), strict=False):
        if "**" in part:
            return True
        if _compile(part).regex.fullmatch(name) is None:
            return False
    return True


_WILD = re.compile(r"[*?\[\\]")
_TOKEN = re.compile(r"\*\*/?|\*|\?|\[(?:\\.|[^\]\\])+\]|\\.|.", re.DOTALL)


def _compile(line: str) -> Pattern:
    exception = line.startswith("!")
    text = line.removeprefix("!")
    if text.startswith("**") and not text.startswith("**/") and not _WILD.search(text[2:]):
        # `**foo` is any path that ends so, also `a/barfoo`: the engine compares string ends.
        return Pattern(text, exception, re.compile(".*" + re.escape(text[2:]), re.DOTALL))
    tokens = _TOKEN.findall(text)
    last = len(tokens) - 1
    parts = [_regex(token, text, at_end=index == last) for index, token in enumerate(tokens)]
    if sum("*" in token for token in tokens if token[0] == "*") > FEW:
        return Pattern(text, exception, Automaton([*map(_part, tokens, parts)]))
    return Pattern(text, exception, re.compile("".join(parts), re.DOTALL))


def _part(token: str, regex: str) -> Part:
    # What a wildcard repeats is its regular expression without the star at the end.
    single = re.compile(regex.removesuffix("*") if token[0] == "*" else regex, re.DOTALL)
    return Part(single, repeat=token[0] == "*", folders=regex == "(?:.*/)?")


def _regex(piece: str, text: str, *, at_end: bool) -> str:
    if piece.startswith("**"):
        return ".*" if at_end else "(?:.*/)?"
    if piece == "*":
        return "[^/]*"
    if piece == "?":
        return "[^/]"
    if piece == "[":
        raise DriverError(ErrorKind.INVALID, f"{NAME}: the pattern {text!r} has a [ without a ]")
    if piece.startswith("["):
        return _set(piece[1:-1])
    return re.escape(piece[1:] if len(piece) > 1 else piece)


def _set(body: str) -> str:
    """Translate a character set; only `^` negates, as in Go."""
    negated = body.startswith("^")
    inner = re.sub(r"\\?(.)", _escaped, body[negated:], flags=re.DOTALL)
    return f"[{'^' if negated else ''}{inner}]"


def _escaped(match: re.Match[str]) -> str:
    return "-" if match.group(0) == "-" else re.escape(match.group(1))
