from __future__ import annotations

import pytest
from support.memory_task_engine import until_stopped
from support.task_stage import Set, stage_of

from gitops.drivers.base import Cancel, DriverError, ErrorKind, Sink, StepContainer, StepEnd
from gitops.engine.tasks import room
from gitops.engine.tasks.runner import run_task
from gitops.engine.tasks.stage import Limits
from gitops.engine.tasks.states import Result
from gitops.model.task_runs import RunStatus
from gitops.model.tasks import RunLine, Task, TaskStep

LIMIT = 64 << 20


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often."""
    monkeypatch.setattr(room, "INTERVAL", 0.01)


def ran(made: Set) -> Result:
    """Run steps `a` and `b` under the limit."""
    steps = (TaskStep("a", 1, RunLine("busybox")), TaskStep("b", 2, RunLine("busybox"), ("a",)))
    return run_task(Task(steps), made.stage._replace(limits=Limits(disk=LIMIT)))


def test_a_run_that_takes_too_much_room_is_ended() -> None:
    """A run over its limit is killed, and told with what it takes, may take, and was doing."""
    made = stage_of()

    def takes_more(container: StepContainer, sink: Sink, cancel: Cancel) -> StepEnd:
        made.engine.rooms.append(LIMIT + (1 << 20))
        return until_stopped(container, sink, cancel)

    made.engine.rooms = [LIMIT]
    made.engine.acts["b"] = [takes_more]
    result = ran(made)
    assert result.status is RunStatus.FAILED
    assert result.message == (
        "the run takes 65 MiB on the engine's disk, and may take 64 MiB (its disk limit); "
        "at work: step b"
    )
    assert made.engine.empty


def test_a_run_within_its_room_is_left_alone() -> None:
    """A run that takes no more than it may ends as it would without a limit."""
    made = stage_of()
    made.engine.rooms = [LIMIT]
    assert ran(made).status is RunStatus.SUCCEEDED


def test_an_engine_that_cannot_tell_is_asked_again() -> None:
    """What stands against a look is told once, and the next look counts."""
    made = stage_of({"b": until_stopped})
    made.engine.rooms = [LIMIT * 2]
    busy = DriverError(ErrorKind.FAILED, "it is measuring already")
    made.engine.broken["room"] = [busy, busy]
    assert ran(made).status is RunStatus.FAILED
    warning = "warning: it is measuring already; the limit of 64 MiB is not watched meanwhile\n"
    assert [
        text for text in made.book.written.text.splitlines(keepends=True) if "warn" in text
    ] == [warning]
