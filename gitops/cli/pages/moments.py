"""Times and durations, as lists show them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def moment(seconds: float | None) -> str:
    """Return a time as ISO 8601 in UTC, or an empty string."""
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(started: float | None, ended: float | None) -> str:
    """Return how long something took; empty while it goes on."""
    return "" if started is None or ended is None else f"{ended - started:.1f}s"


def ago(seconds: float) -> str:
    """Return an age in its largest unit of which there are two: `3 h ago`."""
    return f"{next(_ages(seconds), '0 s')} ago"


def _ages(seconds: float) -> Iterator[str]:
    for size, unit in _UNITS:
        if seconds >= (2 * size if size > 1 else size):
            yield f"{seconds // size:.0f} {unit}"
