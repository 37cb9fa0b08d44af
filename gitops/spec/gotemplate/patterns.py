"""Turns a regular expression of Go (RE2) into one of Python's, and bounds the time it may take.

The syntax is https://github.com/google/re2/wiki/Syntax. RE2 takes linear time; Python's engine
tries one way after the other, so a pattern and a text that could take very long are refused.
"""

from __future__ import annotations

import math
import re

from gitops.spec.gotemplate.faults import Complaint

LENGTH = 1_000
EFFORT = 27.0
"""Steps that one search may take at worst, as a power of two: about a second."""
CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r"\t ",
    "digit": "0-9",
    "lower": "a-z",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
GROUPS = frozenset({"(", "(?:", "(?i", "(?m", "(?s", "(?P<"})
UNKNOWN = frozenset("CEQPXZNpuU")
PIECE = re.compile(
    r"(?P<posix>\[:(?P<class>\^?[a-z]+):\])|(?P<escape>\\.)|(?P<open>\((?:\?(?:P<|[^)])?)?)|(?P<bracket>[\[\]])"
    r"|(?P<repeat>[*+?]|\{[0-9]+(?:,[0-9]*)?\})|(?P<other>.)",
    re.DOTALL,
)


def compiled(pattern: str, text: str) -> re.Pattern[str]:
    """Return a pattern that is ready to be used on a text; complain when it is not of RE2's."""
    if len(pattern) > LENGTH:
        raise Complaint(f"the pattern is longer than {LENGTH} characters")
    scan = _Scan(pattern)
    if scan.effort(len(text)) > EFFORT:
        raise Complaint(
            f"the pattern could take too long on a text of {len(text)} characters",
            "use fewer repetitions, none inside another, or begin it with ^",
        )
    try:
        return re.compile("".join(scan.parts), re.ASCII)
    except (re.error, OverflowError) as error:
        raise Complaint(f"the pattern is not valid: {error}") from None


class _Scan:
    """Goes through a pattern once: translates it, and sees how hard it may be to match."""

    def __init__(self, pattern: str) -> None:
        self.parts: list[str] = []
        self.anchored = pattern.startswith("^")
        self.lines = re.match(r"\(\?[a-z]*m", pattern) is not None
        self.inside = False
        self.repeats = self.choices = 0
        self.nested = self.bounded = False
        self.groups = [False]
        """For each open group, whether something in it repeats or is a choice."""
        self.closed = False
        for match in PIECE.finditer(pattern):
            word, kind = match.group(), str(match.lastgroup)
            if not self.inside:
                self._structure(kind, word)
            self.parts.append(self._piece(match, kind))
            if kind == "bracket":
                self.inside = word == "[" or (self.inside and word != "]")

    def effort(self, length: int) -> float:
        """Return how many steps a search may take at worst, as a power of two."""
        if self.nested:
            return math.inf if self.bounded else float(max(self.repeats, 2) * length + self.choices)
        free = 0 if self.anchored and not self.lines else 1
        return (self.repeats + free) * math.log2(length + 2) + self.choices

    def _structure(self, kind: str, word: str) -> None:
        if kind == "repeat":
            lazy = word == "?" and self.parts[-1:] and self.parts[-1] in {"*", "+", "?"}
            self.choices += word == "?" and not lazy
            self.repeats += word != "?"
            if self.parts[-1:] == [")"] and self.closed and word != "?":
                self.nested = True
                self.bounded = self.bounded or word.startswith("{")
            self.groups[-1] = True
        elif kind == "open":
            self.groups.append(False)
        elif word == "|":
            self.choices += 1
            self.groups[-1] = True
        elif word == ")" and len(self.groups) > 1:
            self.closed = self.groups.pop()
            self.groups[-1] = self.groups[-1] or self.closed

    def _piece(self, match: re.Match[str], kind: str) -> str:
        word = match.group()
        if kind == "posix":
            if not self.inside or match["class"] not in CLASSES:
                raise Complaint(f"the pattern has an unknown class {word}")
            return CLASSES[match["class"]]
        if kind == "escape":
            return _escape(word)
        if kind == "open" and not self.inside and word not in GROUPS:
            raise Complaint(f"{word} in a pattern is not of RE2, which Go uses")
        if word == "$" and not self.inside and not self.lines:
            return r"\Z"
        return r"\[" if word == "[" and self.inside else word


def _escape(word: str) -> str:
    if word[1] == "z":
        return r"\Z"
    if word[1].isdigit() and word[1] != "0":
        raise Complaint(f"{word} in a pattern: Go has no references to groups")
    if word[1] in UNKNOWN:
        raise Complaint(f"{word} in a pattern is not supported", "write out the characters")
    return word
