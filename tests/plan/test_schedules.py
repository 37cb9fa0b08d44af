"""When schedules were due, and when one is due next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.planning import bundle_of

from gitops.model.resources import Schedule
from gitops.plan.builds.schedules import last_due, next_due

TASK = """
kind: Registry
metadata: {name: local}
spec: {server: "localhost:5000", managed: {}}
---
kind: Repository
metadata: {name: shop}
spec: {registry: local}
---
kind: BuildTask
metadata: {name: shop}
spec: {repository: shop, source: {path: app}, triggers: {schedule: [SCHEDULES]}}
"""
BERLIN = "Europe/Berlin"


def at(text: str) -> float:
    """Return seconds since 1970 of a time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def last(cron: str, now: str, zone: str = "UTC") -> str:
    """Return when a schedule was last due."""
    return last_due([Schedule("it", cron, zone)], at(now))["it"]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-01-10T01:59:59", "2026-01-09T02:00Z"),
        ("2026-01-10T02:00:00", "2026-01-10T02:00Z"),
        ("2026-01-10T02:00:01", "2026-01-10T02:00Z"),
        ("2026-01-11T01:59:59", "2026-01-10T02:00Z"),
    ],
)
def test_a_schedule_is_due_at_its_very_second(now: str, expected: str) -> None:
    """From the first second of its minute on a schedule was due."""
    assert last("0 2 * * *", now) == expected


def test_missed_times_are_one() -> None:
    """However long nothing looked, there is one last time: the newest."""
    assert last("*/5 * * * *", "2026-03-01T12:34:56") == "2026-03-01T12:30Z"
    assert last("0 0 29 2 *", "2026-03-01T00:00:00") == "2024-02-29T00:00Z"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-28T12:00:00", "2026-03-28T02:00Z"),
        ("2026-03-29T12:00:00", "2026-03-29T01:00Z"),
        ("2026-10-24T12:00:00", "2026-10-24T01:00Z"),
        ("2026-10-25T12:00:00", "2026-10-25T02:00Z"),
    ],
)
def test_a_time_of_day_stays_that_of_the_zone(now: str, expected: str) -> None:
    """Three o'clock in Berlin is another time in UTC in winter than in summer."""
    assert last("0 3 * * *", now, BERLIN) == expected


def due_within(cron: str, start: str, hours: int) -> set[str]:
    """Return each time at which the last due time changes, looking once a minute."""
    first = datetime.fromisoformat(start)
    moments = (first + timedelta(minutes=minute) for minute in range(hours * 60))
    found = {last(cron, moment.isoformat(), BERLIN) for moment in moments}
    return found - {last(cron, (first - timedelta(minutes=1)).isoformat(), BERLIN)}


def test_a_time_that_the_clock_leaves_out_is_due_once() -> None:
    """On the day without half past two, what is due then runs once, after the gap."""
    found = due_within("30 2 * * *", "2026-03-29T00:00:00", 6)
    assert found == {"2026-03-29T01:00Z"}


def test_a_time_that_the_clock_has_twice_is_due_once() -> None:
    """On the day with two half past twos, what is due then runs once."""
    found = due_within("30 2 * * *", "2026-10-24T22:30:00", 6)
    assert len(found) == 1, found


@pytest.mark.parametrize(
    ("cron", "start", "hours", "times"),
    [
        ("0 * * * *", "2026-10-24T22:30:00", 6, 6),
        ("0 * * * *", "2026-03-28T23:30:00", 5, 5),
        ("* * * * *", "2026-10-24T23:30:00", 2, 120),
        ("* * * * *", "2026-03-29T00:30:00", 2, 120),
    ],
)
def test_what_is_due_each_hour_or_minute_is_so_whatever_clocks_do(
    cron: str, start: str, hours: int, times: int
) -> None:
    """Each hour and minute that passes counts, the hour that comes twice included."""
    assert len(due_within(cron, start, hours)) == times


def test_a_schedule_that_is_not_enabled_is_never_due() -> None:
    """A schedule that is switched off has neither a last nor a next time."""
    assert last_due([Schedule("it", "0 2 * * *", "UTC", enabled=False)], at("2026-01-10")) == {}
    specs = TASK.replace("SCHEDULES", '{name: a, cron: "0 2 * * *", enabled: false}')
    assert next_due(bundle_of(specs).tasks, at("2026-01-10")) == float("inf")


def test_the_next_time_is_the_first_of_all_schedules() -> None:
    """The loop wakes up for the schedule that is due first."""
    specs = TASK.replace(
        "SCHEDULES",
        f'{{name: a, cron: "0 5 * * *"}}, {{name: b, cron: "0 3 * * *", timeZone: {BERLIN}}}',
    )
    tasks = bundle_of(specs).tasks
    assert next_due(tasks, at("2026-01-10T01:00:00")) == at("2026-01-10T02:00:00")
    assert next_due(tasks, at("2026-01-10T02:00:00")) == at("2026-01-10T05:00:00")
    assert next_due((), at("2026-01-10")) == float("inf")


@given(now=st.floats(1.6e9, 2.2e9), minute=st.integers(0, 59), hour=st.integers(0, 23))
def test_no_due_time_is_passed_over(now: float, minute: int, hour: int) -> None:
    """At the next due time, and not before, the last due time is that one."""
    cron = f"{minute} {hour} * * *"
    specs = TASK.replace("SCHEDULES", f'{{name: a, cron: "{cron}", timeZone: {BERLIN}}}')
    bundle = bundle_of(specs)
    schedules = bundle.tasks[0].triggers.schedules
    then = next_due(bundle.tasks, now)
    before = last_due(schedules, now)
    assert now < then <= now + 49 * 3600
    assert last_due(schedules, then - 1) == before
    assert last_due(schedules, then) != before
