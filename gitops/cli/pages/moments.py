"""Times and durations, as lists show them."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(seconds: float | None) -> str:
    """Return a time as ISO 8601 in UTC, or an empty string."""
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(started: float | None, ended: float | None) -> str:
    """Return how long something took; empty while it goes on."""
    return "" if started is None or ended is None else f"{ended - started:.1f}s"
