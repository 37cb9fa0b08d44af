"""Sections of a task file that are read before it is YAML: templates may stand around them.

A section begins at the left margin with its key and ends before the next key there.
"""

from __future__ import annotations

import re

from gitops.spec.tasks.cutting import cut

ALIASES_SINCE = "v1.1.0"
"""The version from which on a task file has aliases."""

_VERSION = re.compile(r"^[\"']?version[\"']?[ \t]*:[ \t]*[\"']?([^\s\"'#,}]+)", re.MULTILINE)
_IN_BRACES = re.compile(r"\bversion[\"']?[ \t]*:[ \t]*[\"']?([^\s\"'#,}]+)")
# Items of lists, and brackets, may stand at the left margin inside a section.
_KEY = re.compile(r"[^\s:#{}\[\]-][^:]*:")
_TEMPLATE = "{{"


class _Section:
    """Says of one line after the other whether it belongs to the section."""

    def __init__(self, name: str) -> None:
        self._start = re.compile(rf"([\"']?){name}\1\s*:")
        self._inside = False

    def holds(self, line: str) -> bool:
        """Say whether the next line does."""
        if self._start.match(line):
            self._inside = True
        elif _KEY.match(line):
            self._inside = False
        return self._inside


def has_aliases(text: str) -> bool:
    """Say whether the version that a text gives at the left margin, or in braces, has aliases."""
    found = (_IN_BRACES if is_in_braces(text) else _VERSION).search(text)
    return found is not None and found.group(1).lower() == ALIASES_SINCE


def is_in_braces(text: str) -> bool:
    """Say whether a text is one mapping in braces, as JSON is: it has no sections."""
    start = text.lstrip()
    return start.startswith("{") and not start.startswith(_TEMPLATE)


def only(text: str, name: str) -> str:
    """Return a text with nothing but the lines of one section, and the templates around them.

    A comment at the margin belongs to none: it may speak of the next section.
    """
    section = _Section(name)
    return cut(text, [section.holds(line) and not _is_comment(line) for line in text.split("\n")])


def without(text: str, name: str) -> str:
    """Return a text without one section, and without comments at the left margin.

    Such comments are dropped as Azure does: a `$name` in one need not mean anything.
    """
    section = _Section(name)
    lines = ["" if _is_comment(line) else line for line in text.split("\n")]
    return cut("\n".join(lines), [not section.holds(line) for line in lines])


def _is_comment(line: str) -> bool:
    return line.startswith("#")
