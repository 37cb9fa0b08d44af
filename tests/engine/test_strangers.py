"""What pull requests may take of a machine has an end."""

from __future__ import annotations

import pytest
from support.task_stage import MemoryLog

from gitops.engine.builds import strangers
from gitops.engine.builds.strangers import MOST_STEPS, CappedLog, capped, check_size
from gitops.engine.tasks.errand import UnreadableError
from gitops.model.tasks import RunLine, Task, TaskStep


@pytest.fixture(autouse=True)
def _little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow ten characters."""
    monkeypatch.setattr(strangers, "MOST_LOG", 10)
    monkeypatch.setattr(strangers.Allowance.__init__, "__defaults__", (10,))


def test_a_log_is_kept_up_to_its_limit() -> None:
    """What is more is left out, and the log says once that it is."""
    log = MemoryLog()
    kept = CappedLog(log)
    for number in range(5):
        kept.write(1, f"{number} 3\n")
    kept.close()
    assert log.text.startswith("0 3\n1 3\na pull request's log ends")
    assert log.text.count("\n") == 3


def test_lines_are_passed_on_up_to_the_limit() -> None:
    """A build without end fills no disk with its lines."""
    lines = list[str]()
    line = capped(lines.append)
    for number in range(5):
        line(f"{number} 3")
    assert lines[:2] == ["0 3", "1 3"]
    assert len(lines) == 3


def test_a_task_has_so_many_steps_and_no_more() -> None:
    """A task file of a thousand steps is refused before any of them begins."""
    steps = tuple(TaskStep(f"s{number}", 1, RunLine("a")) for number in range(MOST_STEPS + 1))
    check_size(Task(steps[:-1]))
    with pytest.raises(UnreadableError, match="may have 100 steps, and this one has 101"):
        check_size(Task(steps))
