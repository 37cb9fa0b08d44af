"""Schedules of cron and time zones: whether they mean anything. Imported only for windows."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

_FIELDS = 5
_START = datetime(2024, 1, 1, tzinfo=UTC)


def wrong_cron(text: str) -> str:
    """Return what is wrong with five fields of cron, as Debian's cron reads them; empty: nothing.

    https://manpages.debian.org/cron/crontab.5 - with names of days and months, and `L`, `LW`, `#`.
    A day that no month has is wrong as well.
    """
    if len(text.split()) != _FIELDS:
        return "cron has five fields"
    try:
        CronSim(text, _START)
    except CronSimError as error:
        return str(error).replace("Bad", "no schedule has this")
    return ""


def wrong_zone(name: str) -> bool:
    """Say whether there is no time zone of this IANA name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return True
    return False
