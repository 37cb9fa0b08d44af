"""Schedules of cron and time zones: whether they mean anything. Imported where there are some."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from gitops.spec.findings import Path, shown
from gitops.spec.scope import Scope

_FIELDS = 5
_START = datetime(2024, 1, 1, tzinfo=UTC)


def check_schedule(path: Path, cron: str, zone: str, scope: Scope) -> None:
    """Complain of a schedule at `path`, and of the time zone beside it, if they mean nothing."""
    why = wrong_cron(cron)
    if why:
        hint = "minute, hour, day of month, month, day of week; for example 0 2 * * SAT"
        scope.complain(path, f"{shown(cron)}: {why}", hint)
    if wrong_zone(zone):
        hint = "write an IANA name such as UTC or Europe/Berlin"
        scope.complain((*path[:-1], "timeZone"), f"{shown(zone)} is not known", hint)


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
