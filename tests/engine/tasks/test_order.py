from __future__ import annotations

import threading

import pytest
from support.memory_task_engine import Act, fails, until_stopped
from support.task_stage import stage_of

from gitops.drivers.base import Cancel, DriverError, ErrorKind, Sink, StepContainer, StepEnd
from gitops.engine.tasks.runner import run_task
from gitops.engine.tasks.stage import Limits
from gitops.engine.tasks.stopping import Stop, Why
from gitops.model.task_runs import RunStatus, StepStatus
from gitops.model.tasks import RunLine, Task, TaskStep


def cmd(name: str, *after: str, **more: object) -> TaskStep:
    """Return a step that runs busybox."""
    step = TaskStep(name, 1, RunLine("busybox"), after)
    return step._replace(**more)  # type: ignore[arg-type]


def task(*steps: TaskStep) -> Task:
    """Return a task of these steps."""
    return Task(steps)


def test_steps_run_in_the_order_of_when() -> None:
    """A step begins after those that it names have ended well."""
    made = stage_of()
    result = run_task(task(cmd("c", "b"), cmd("b", "a"), cmd("a")), made.stage)
    assert result.status is RunStatus.SUCCEEDED
    assert made.engine.began == ["a", "b", "c"]
    assert [step.status for step in result.steps] == [StepStatus.SUCCEEDED] * 3
    assert made.engine.empty


def test_independent_steps_run_at_the_same_time() -> None:
    """Steps that do not wait for each other run concurrently."""
    both = threading.Barrier(2, timeout=10)

    def meets(_container: StepContainer, _sink: Sink, _cancel: Cancel) -> StepEnd:
        both.wait()
        return StepEnd(0)

    made = stage_of({"a": meets, "b": meets})
    assert run_task(task(cmd("a"), cmd("b")), made.stage).status is RunStatus.SUCCEEDED


def test_a_failing_step_ends_the_run() -> None:
    """When a step fails, those at work are killed, the rest is skipped, and nothing stays."""
    made = stage_of({"bad": fails(3), "long": until_stopped})
    result = run_task(task(cmd("bad"), cmd("long"), cmd("never", "long")), made.stage)
    assert (result.status, result.message) == (RunStatus.FAILED, "step bad failed: exit code 3")
    assert [step.status for step in result.steps] == [
        StepStatus.FAILED,
        StepStatus.FAILED,
        StepStatus.SKIPPED,
    ]
    assert result.steps[0].exit_code == 3
    assert result.steps[1].message == "stopped: step bad failed: exit code 3"
    assert "never" not in made.engine.began
    assert made.engine.empty


def test_ignored_errors_count_as_success() -> None:
    """With ignoreErrors a failure is recorded as successful, with its exit code and a message."""
    made = stage_of({"a": fails(4)})
    result = run_task(task(cmd("a", ignore_errors=True), cmd("b", "a")), made.stage)
    assert result.status is RunStatus.SUCCEEDED
    first = result.steps[0]
    assert (first.status, first.exit_code) == (StepStatus.SUCCEEDED, 4)
    assert first.message == "ignored: step a failed: exit code 4"
    assert made.engine.began == ["a", "b"]


def test_a_step_timeout_names_step_and_limit() -> None:
    """A step that takes longer than its timeout is killed, and the message says which and when."""
    made = stage_of({"test": until_stopped})
    result = run_task(task(cmd("test", timeout=0.05)), made.stage)
    assert result.status is RunStatus.FAILED
    assert result.message == "step test did not end in 0.05 s (its timeout)"
    assert made.engine.empty


def test_a_run_timeout_names_the_step_at_work() -> None:
    """The run's own limit ends everything as Timeout, and says what was at work."""
    made = stage_of({"b": until_stopped})
    stage = made.stage._replace(limits=Limits(timeout=0.05))
    result = run_task(task(cmd("a"), cmd("b", "a"), cmd("c", "b")), stage)
    assert result.status is RunStatus.TIMEOUT
    assert result.message == "the run did not end in 0.05 s (its timeout); at work: step b"
    assert result.steps[2].status is StepStatus.SKIPPED
    assert made.engine.empty


def test_a_canceled_run_kills_its_steps() -> None:
    """When the run's flag is raised its steps are killed, and it ends as Canceled."""
    made = stage_of()

    def is_canceled(container: StepContainer, sink: Sink, cancel: Cancel) -> StepEnd:
        made.stage.flag.stop(Why(Stop.CANCELED, "canceled by ann"))
        return until_stopped(container, sink, cancel)

    made.engine.acts["a"] = [is_canceled]
    result = run_task(task(cmd("a"), cmd("b", "a")), made.stage)
    assert (result.status, result.message) == (RunStatus.CANCELED, "canceled by ann")
    assert result.steps[1].status is StepStatus.SKIPPED
    assert made.engine.empty


def test_retries_try_a_failing_step_again() -> None:
    """A failing step is tried again as often as its retries say, and its attempts are counted."""
    made = stage_of({"a": [fails(1), fails(1), fails(0)]})
    result = run_task(task(cmd("a", retries=2)), made.stage)
    assert result.status is RunStatus.SUCCEEDED
    assert (result.steps[0].attempts, result.steps[0].exit_code) == (3, 0)
    made = stage_of({"a": fails(1)})
    assert run_task(task(cmd("a", retries=2)), made.stage).status is RunStatus.FAILED
    assert made.engine.began == ["a", "a", "a"]


@pytest.mark.parametrize(("said", "tries"), [("connection reset", 2), ("syntax error", 1)])
def test_retry_on_errors(said: str, tries: int) -> None:
    """With retryOnErrors only a failure whose output holds one of the texts is tried again."""
    made = stage_of({"a": fails(1, f"error: {said} by peer")})
    run_task(task(cmd("a", retries=1, retry_on=("timed out", "connection reset"))), made.stage)
    assert len(made.engine.began) == tries


def test_repeat_runs_again_after_success() -> None:
    """A step with repeat runs so many times more, and stops at its first failure."""
    made = stage_of()
    assert run_task(task(cmd("a", repeat=2)), made.stage).steps[0].attempts == 3
    made = stage_of({"a": [fails(0), fails(2), fails(0)]})
    assert run_task(task(cmd("a", repeat=5)), made.stage).status is RunStatus.FAILED
    assert made.engine.began == ["a", "a"]


def test_a_timeout_holds_for_each_attempt() -> None:
    """A step that is too slow is tried again, each time with its whole timeout."""
    made = stage_of({"a": [until_stopped, fails(0)]})
    result = run_task(task(cmd("a", timeout=0.05, retries=1)), made.stage)
    assert result.status is RunStatus.SUCCEEDED
    assert result.steps[0].attempts == 2


def test_a_lost_engine_is_an_error_not_a_failure() -> None:
    """An engine that is gone ends the run as Error: no step is to blame."""
    made = stage_of()
    made.engine.broken["create"] = [DriverError(ErrorKind.UNREACHABLE, "the engine is gone")]
    result = run_task(task(cmd("a", ignore_errors=True)), made.stage)
    assert (result.status, result.message) == (RunStatus.ERROR, "step a: the engine is gone")
    assert made.engine.empty


def test_a_fault_of_the_program_leaves_nothing() -> None:
    """An exception that nobody expects flies on, after all was taken away and killed."""

    def breaks(_container: StepContainer, _sink: Sink, _cancel: Cancel) -> StepEnd:
        raise ZeroDivisionError

    made = stage_of({"a": breaks, "b": until_stopped})
    with pytest.raises(ZeroDivisionError):
        run_task(task(cmd("a"), cmd("b")), made.stage)
    assert made.engine.empty


def test_what_cannot_be_removed_is_told() -> None:
    """An error while cleaning does not change the result, and is in the log and the result."""
    made = stage_of()
    made.engine.broken["remove"] = [DriverError(ErrorKind.FAILED, "it will not go")]
    made.engine.remove_volume = lambda _name: None  # type: ignore[method-assign] # in use
    result = run_task(task(cmd("a")), made.stage)
    assert result.status is RunStatus.SUCCEEDED
    assert result.leftover == ("container gitops-r1-a: it will not go",)
    assert "it will not go; the next run tries again" in made.book.written.text


def test_a_start_delay_is_waited_for_and_ends_with_the_run() -> None:
    """A step waits for its startDelay, unless the run is stopped meanwhile."""
    made = stage_of({"bad": fails(1)})
    result = run_task(task(cmd("bad"), cmd("late", start_delay=60.0)), made.stage)
    assert result.status is RunStatus.FAILED
    assert made.engine.began == ["bad"]


def test_secrets_do_not_reach_the_log() -> None:
    """Output is redacted before it is remembered, and so are messages."""
    made = stage_of({"a": fails(1, "password is hunter2")})
    run_task(task(cmd("a")), made.stage)
    assert "password is ***" in made.book.written.text
    assert "hunter2" not in made.book.written.text


def uses(code: int, memory: int, cpu: float) -> Act:
    """End with an exit code after some use of memory and processor."""
    return lambda _container, _sink, _cancel: StepEnd(code, peak_memory=memory, cpu=cpu)


def test_what_all_attempts_used_is_told() -> None:
    """The memory of a step is the most of its attempts, its processor time that of all."""
    made = stage_of({"a": [uses(1, 300, 1.0), uses(1, 100, 2.0), uses(0, 200, 0.5)]})
    (step,) = run_task(task(cmd("a", retries=2)), made.stage).steps
    assert (step.attempts, step.peak_memory, step.cpu) == (3, 300, 3.5)


def test_a_step_that_was_stopped_tells_what_it_used() -> None:
    """One that is killed when the run is called off has its attempts and its use in the record."""
    made = stage_of()

    def stopped(_container: StepContainer, _sink: Sink, _cancel: Cancel) -> StepEnd:
        made.stage.flag.stop(Why(Stop.CANCELED, "canceled by ann"))
        return StepEnd(137, peak_memory=500, cpu=4.0, given_up=True)

    made.engine.acts["a"] = [uses(1, 100, 1.0), stopped]
    (step,) = run_task(task(cmd("a", retries=5)), made.stage).steps
    assert (step.status, step.attempts) == (StepStatus.FAILED, 2)
    assert (step.peak_memory, step.cpu) == (500, 5.0)
