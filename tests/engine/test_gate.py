from __future__ import annotations

from collections.abc import Callable

from support.clocks import ManualClock
from support.fakes import RUNNING, ScriptedEngine

from gitops.engine.gate import Candidate, wait_healthy
from gitops.model.observed import ContainerState, ProbeAnswer
from gitops.model.outcomes import Done, Outcome, Stalled, Superseded
from gitops.model.resources import Health

HEALTH = Health("/ready", ((200, 299),), interval=1.0, timeout=5.0, deadline=30.0, stable_for=5.0)
GOOD = ProbeAnswer(200, "fine", "")
BAD = ProbeAnswer(503, "no database\nyet", "")
REFUSED = ProbeAnswer(0, "", "connection refused")
EXITED = ContainerState("exited", 137, oom_killed=True, restarts=0, error="")


def ask_of(clock: ManualClock, answer: Callable[[float], ProbeAnswer]) -> Callable[[], ProbeAnswer]:
    """Return a probe whose answer depends on the seconds since the beginning."""
    return lambda: answer(clock.now - 1000.0)


def wait(
    engine: ScriptedEngine, clock: ManualClock, answer: Callable[[float], ProbeAnswer] | None
) -> tuple[Outcome, list[str]]:
    said: list[str] = []
    ask = ask_of(clock, answer) if answer else None
    candidate = Candidate("shop-1", HEALTH, ask)
    return wait_healthy(candidate, engine, clock, clock, said.append), said


def test_healthy_from_the_first_moment() -> None:
    """An app that is well at once passes after stableFor, and not before."""
    clock = ManualClock()
    outcome, said = wait(ScriptedEngine(), clock, lambda _: GOOD)
    assert isinstance(outcome, Done)
    assert 1005.0 <= clock.now < 1005.2
    assert said == []


def test_flapping_begins_anew() -> None:
    """One wrong answer, and the time of being well starts again."""
    clock = ManualClock()
    outcome, said = wait(ScriptedEngine(), clock, lambda at: BAD if 3 < at < 5 else GOOD)
    assert isinstance(outcome, Done)
    assert 1009.9 <= clock.now < 1011.5
    assert "GET /ready answered 503, wanted 200-299: no database yet" in said[0]


def test_first_answers_are_asked_for_quickly() -> None:
    """A fast start is seen fast: pauses begin at 50 ms and grow to the interval."""
    clock = ManualClock(raised_at=1010.0)
    wait(ScriptedEngine(), clock, lambda _: REFUSED)
    assert clock.waits[:6] == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0]
    assert max(clock.waits) == HEALTH.interval


def test_process_that_ends_fails_at_once() -> None:
    """A process that ends is not waited for; the reason has its exit code, OOM and log."""
    clock = ManualClock()
    engine = ScriptedEngine((RUNNING, EXITED), ("starting", "killed"))
    outcome, _ = wait(engine, clock, lambda _: REFUSED)
    assert isinstance(outcome, Stalled)
    assert clock.now < 1000.2
    assert outcome.reason == "shop-1: the process ended"
    assert outcome.detail.splitlines() == [
        "attempts: 1",
        "last answer: connection refused",
        "exit code: 137",
        "killed by the kernel: out of memory (raise resources.memory)",
        "last log lines:",
        "  starting",
        "  killed",
    ]


def test_restart_counts_as_an_end() -> None:
    """A process that the engine has restarted has ended, though it runs when it is looked at."""
    again = RUNNING._replace(restarts=1, exit_code=2)
    outcome, _ = wait(ScriptedEngine((RUNNING, RUNNING, again)), ManualClock(), lambda _: GOOD)
    assert isinstance(outcome, Stalled)
    assert "exit code: 2" in outcome.detail
    assert "it logged nothing" in outcome.detail


def test_earlier_restarts_do_not_count() -> None:
    """Restarts from before the wait are none of its business."""
    outcome, _ = wait(
        ScriptedEngine((RUNNING._replace(restarts=3),)), ManualClock(), lambda _: GOOD
    )
    assert isinstance(outcome, Done)


def test_deadline_ends_the_wait() -> None:
    """Not healthy by the deadline is a failure that quotes the last answer and the attempts."""
    clock = ManualClock()
    outcome, _ = wait(ScriptedEngine(lines=["listening"]), clock, lambda _: BAD)
    assert isinstance(outcome, Stalled)
    assert 1030.0 < clock.now < 1032.0
    assert "not healthy within 30 s" in outcome.reason
    assert "last answer: GET /ready answered 503" in outcome.detail
    assert "  listening" in outcome.detail
    assert "exit code" not in outcome.detail


def test_cancel_ends_the_wait() -> None:
    """A wait that is called off ends as superseded, not as failed."""
    clock = ManualClock(raised_at=1002.0)
    outcome, _ = wait(ScriptedEngine(), clock, lambda _: BAD)
    assert isinstance(outcome, Superseded)
    assert clock.now == 1002.0


def test_worker_has_only_to_run() -> None:
    """A container without a port is not asked; it has to run for stableFor."""
    clock = ManualClock()
    outcome, _ = wait(ScriptedEngine(), clock, None)
    assert isinstance(outcome, Done)
    assert clock.now >= 1005.0
    failed, _ = wait(ScriptedEngine((RUNNING, EXITED)), ManualClock(), None)
    assert isinstance(failed, Stalled)
    assert "last answer" not in failed.detail
