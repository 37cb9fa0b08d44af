from __future__ import annotations

import pytest
from engine_fixtures import Lab, eventually, lab

pytestmark = pytest.mark.scenario
__all__ = ["lab"]


def script(text: str) -> tuple[str, ...]:
    """Return a shell command."""
    return ("sh", "-c", text)


def test_journal_tells_the_time_of_each_line(lab: Lab) -> None:
    """A journal has the time of each line, its texts in the order of the times."""
    name = lab.run(command=script("echo one; sleep 0.2; echo two; exec sleep 600"))
    eventually(lambda: lab.engine.logs(name, 5) == ("one", "two"))
    found = list(lab.engine.journal(name))
    assert [line for _, line in found] == ["one", "two"]
    times = [time for time, _ in found]
    assert times == sorted(times)
    assert {len(time) for time in times} == {len("2026-01-01T00:00:00.000000000Z")}
    assert [line for _, line in lab.engine.journal(name, tail=1)] == ["two"]
    assert list(lab.engine.journal(name, since=4_000_000_000.0)) == []


def test_journal_is_followed_to_the_end(lab: Lab) -> None:
    """A journal that is followed gives lines as they come, and ends with the container."""
    name = lab.run(command=script("echo one; sleep 1; echo two"))
    found = [line for _, line in lab.engine.journal(name, follow=True)]
    assert found == ["one", "two"]
