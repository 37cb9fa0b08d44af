"""Durations, sizes, statuses and moments in the spelling of the language."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

YEAR = 366 * 24 * 3600.0
"""The longest duration, in seconds: far beyond it the system calls that wait refuse."""

SMALLEST_MEMORY = 6 * 2**20
"""Bytes: no engine takes a smaller limit of memory."""

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_PART = re.compile(r"([0-9]+)(ms|s|m|h|d)")


@lru_cache(maxsize=1024)
def seconds(text: str) -> float:
    """Return the seconds of a duration that fits the schema: `500ms`, `1h30m`."""
    return sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(text))


@lru_cache(maxsize=1024)
def size(text: str) -> int:
    """Return the bytes of a size that fits the schema: `64Mi`."""
    return int(text[:-2]) * _BYTES[text[-2:]]


@lru_cache(maxsize=1024)
def statuses(text: str) -> tuple[tuple[int, int], ...]:
    """Return the inclusive ranges of HTTP statuses: `200-299,404` is ((200, 299), (404, 404))."""
    parts = (part.strip().partition("-") for part in text.split(","))
    return tuple((int(low), int(high or low)) for low, _, high in parts)


def moment(text: str) -> float:
    """Return seconds since 1970 of a timestamp (RFC 3339) or of a date's start in UTC.

    Raises `ValueError` when there is no such day or hour.
    """
    when = datetime.fromisoformat(text.upper().replace(" ", "T"))
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
