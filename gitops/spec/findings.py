"""A finding inside one document, before anyone has worked out its line and column."""

from __future__ import annotations

from typing import NamedTuple

from gitops.model.diagnostics import Severity

Path = tuple[str | int, ...]
"""Keys and list positions from the document's top."""


class Finding(NamedTuple):
    """What is wrong at `path`: at its value, or at its key when `at_key`."""

    path: Path
    message: str
    hint: str = ""
    at_key: bool = False
    severity: Severity = Severity.ERROR


def dotted(path: Path) -> str:
    """Return `spec.volumes[0].mount` for people; the top is `the document`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "the document"


def pointer(path: Path) -> str:
    """Return the path as a JSON Pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def shown(value: object, limit: int = 60) -> str:
    """Return a value as a user knows it, shortened: `text 'abc'`, `number 5`, `a mapping`."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            cut = value if len(value) <= limit else f"{value[:limit]}..."
            return f"text {cut!r}"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return f"number {str(value)[:limit]}"
