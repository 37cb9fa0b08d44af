"""Sprig's functions of dates (https://masterminds.github.io/sprig/date.html).

The clock is the caller's and the local zone is UTC, so that a rendering can be repeated anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from gitops.spec.gotemplate.faults import Complaint
from gitops.spec.gotemplate.functions_numbers import integer
from gitops.spec.gotemplate.layout import read, written
from gitops.spec.gotemplate.printing import quote
from gitops.spec.gotemplate.signature import Function
from gitops.spec.gotemplate.values import type_of

UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "\u00b5s": 1e-6, "ns": 1e-9}
DAY = 86400
ROUGH = {"y": 365 * DAY, "mo": 30 * DAY, "d": DAY, "h": 3600, "m": 60, "s": 1}
PIECE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)(h|ms|us|\u00b5s|ns|m|s)")


def moment(value: object) -> datetime:
    """Return a time: a time itself, or seconds since 1970."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(integer(value), UTC)
        except (ValueError, OSError):
            raise Complaint("the number of seconds is too large for a time") from None
    raise Complaint(f"a {type_of(value)} is not a time", "make one with `toDate` or `now`")


def duration(text: str) -> timedelta:
    """Return a duration as Go writes it: `1h30m`, `-10s`."""
    body = text.removeprefix("-").removeprefix("+")
    pieces = PIECE.findall(body)
    if not pieces or "".join(number + unit for number, unit in pieces) != body:
        raise Complaint(f"{quote(text[:50])} is not a duration", "a duration looks like 1h30m")
    seconds = sum(float(number) * UNITS[unit] for number, unit in pieces)
    return timedelta(seconds=-seconds if text.startswith("-") else seconds)


def modified(change: str, value: object) -> datetime:
    """Return a time moved by a duration."""
    return moment(value) + duration(change)


def in_zone(layout: str, value: object, zone: str) -> str:
    """Return a time in a layout and a zone of the IANA database."""
    if zone in {"", "UTC", "Local"}:
        return written(moment(value).astimezone(UTC), layout)
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - every run of a task would wait for it

    try:
        return written(moment(value).astimezone(ZoneInfo(zone)), layout)
    except (LookupError, ValueError, OSError):
        raise Complaint(f"there is no time zone {quote(zone[:50])}") from None


def span(seconds: int) -> str:
    """Return whole seconds as Go prints a duration: `1h0m5s`."""
    sign, seconds = "-" if seconds < 0 else "", abs(seconds)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{sign}{hours}h{minutes}m{seconds}s"
    return f"{sign}{minutes}m{seconds}s" if minutes else f"{sign}{seconds}s"


def roughly(seconds: float) -> str:
    """Return a duration by its largest unit, as Sprig does: `2mo`, `3d`, `0s`."""
    for unit, size in ROUGH.items():
        if abs(seconds) > size:
            return f"{int(abs(seconds) // size)}{unit}"
    return "0s"


def functions(now: float) -> Mapping[str, Function]:
    """Return the functions of dates on a clock that stands at `now`, in seconds since 1970."""
    clock = datetime.fromtimestamp(now, UTC)

    def ago(value: object) -> str:
        return span(round((clock - moment(value)).total_seconds()))

    def rough(value: object) -> str:
        if isinstance(value, datetime):
            return roughly((clock - value).total_seconds())
        if isinstance(value, str):
            return roughly(duration(value).total_seconds())
        return roughly(integer(value) / 1e9)

    return {
        "now": Function(lambda: clock, ""),
        "date": Function(lambda layout, value: in_zone(layout, value, "UTC"), "sa"),
        "dateInZone": Function(in_zone, "sas"),
        "date_in_zone": Function(in_zone, "sas"),
        "dateModify": Function(modified, "sa"),
        "date_modify": Function(modified, "sa"),
        "ago": Function(ago, "a"),
        "duration": Function(lambda seconds: span(integer(seconds)), "a"),
        "durationRound": Function(rough, "a"),
        "htmlDate": Function(lambda value: in_zone("2006-01-02", value, "UTC"), "a"),
        "htmlDateInZone": Function(lambda value, zone: in_zone("2006-01-02", value, zone), "as"),
        "unixEpoch": Function(lambda value: str(int(moment(value).timestamp())), "a"),
        "toDate": Function(read, "ss"),
    }
