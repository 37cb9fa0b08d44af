"""Schedules of build tasks: when each was last due, and when one is due next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gitops.model.resources import BuildTask, Schedule


def last_due(schedules: Sequence[Schedule], now: float) -> Mapping[str, str]:
    """Return the last due time of each schedule that is in force (`2026-01-31T02:00Z`), by name.

    However many runs were missed, there is one last time. `now` is seconds since 1970.
    """
    return {
        schedule.name: datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%MZ")
        for schedule in schedules
        if schedule.enabled and (moment := _at(schedule, now, reverse=True)) is not None
    }


def next_due(tasks: Iterable[BuildTask], now: float) -> float:
    """Return when the next schedule of any task is due, in seconds since 1970; none is infinity."""
    moments = (
        _at(schedule, now, reverse=False)
        for task in tasks
        for schedule in task.triggers.schedules
        if schedule.enabled
    )
    return min((moment for moment in moments if moment is not None), default=float("inf"))


def _at(schedule: Schedule, now: float, *, reverse: bool) -> float | None:
    from cronsim import CronSim  # noqa: PLC0415 - few tasks have schedules

    here = datetime.fromtimestamp(now, ZoneInfo(schedule.time_zone))
    start = here + timedelta(seconds=1) if reverse else here
    found = next(CronSim(schedule.cron, start, reverse=reverse), None)
    return found.timestamp() if found is not None else None
