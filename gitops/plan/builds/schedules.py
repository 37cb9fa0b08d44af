"""Schedules of build tasks: when each was last due, and when one is due next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from gitops.model.resources import BuildTask, Schedule

_LATELY = 3 * 3600.0
"""Seconds: longer than any clock is set back or forward."""


def last_due(schedules: Sequence[Schedule], now: float) -> Mapping[str, str]:
    """Return the last due time of each schedule that is in force (`2026-01-31T02:00Z`), by name.

    However many runs were missed, there is one last time. `now` is seconds since 1970.
    """
    return {
        schedule.name: datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%MZ")
        for schedule in schedules
        if schedule.enabled and (moment := _last(schedule, now)) is not None
    }


def next_due(tasks: Iterable[BuildTask], now: float) -> float:
    """Return when the next schedule of any task is due, in seconds since 1970; none is infinity."""
    moments = (
        _next(schedule, now)
        for task in tasks
        for schedule in task.triggers.schedules
        if schedule.enabled
    )
    return min((moment for moment in moments if moment is not None), default=float("inf"))


def _last(schedule: Schedule, now: float) -> float | None:
    """Return the last time that was due by now."""
    start = _start(schedule, now)
    lately = list(takewhile(lambda moment: moment <= now, _forward(schedule, start)))
    if lately:
        return max(lately)
    from cronsim import CronSim  # noqa: PLC0415 - few tasks have schedules

    found = next(CronSim(schedule.cron, start + timedelta(seconds=1), reverse=True), None)
    return found.timestamp() if found is not None else None


def _next(schedule: Schedule, now: float) -> float | None:
    """Return the first time after now."""
    moments = _forward(schedule, _start(schedule, now))
    return next((moment for moment in moments if moment > now), None)


def _start(schedule: Schedule, now: float) -> datetime:
    """Return a time before now, far from any at which clocks are set back: an hour that comes twice
    cannot be told apart in the middle of it.
    """
    zone = ZoneInfo(schedule.time_zone)
    start = datetime.fromtimestamp(now - _LATELY, zone)
    if start.replace(fold=0).utcoffset() != start.replace(fold=1).utcoffset():
        start = datetime.fromtimestamp(now - 2 * _LATELY, zone)
    return start


def _forward(schedule: Schedule, start: datetime) -> Iterator[float]:
    """Give the times after `start`, each later than the one before."""
    from cronsim import CronSim  # noqa: PLC0415 - few tasks have schedules

    last = start.timestamp()
    for found in CronSim(schedule.cron, start):
        moment = found.timestamp()
        if moment > last:
            yield moment
            last = moment
