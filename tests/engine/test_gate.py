from __future__ import annotations

from collections.abc import Callable

from support.clocks import ManualClock
from support.fakes import RUNNING, ScriptedEngine

from gitops.engine.deploys.gate import Candidate, wait_healthy
from gitops.engine.deploys.probing import own_trouble
from gitops.model.observed import ContainerState
from gitops.model.outcomes import Done, Outcome, Stalled, Superseded
from gitops.model.probing import Fault, Trouble
from gitops.model.webapp import Health

HEALTH = Health("/ready", ((200, 299),), interval=1.0, timeout=5.0, deadline=30.0, stable_for=5.0)
GOOD = None
BAD = Trouble("GET /ready answered 503, wanted 200-299: no database yet", Fault.STATUS, 503)
REFUSED = Trouble("connection refused", Fault.REFUSED)
EXITED = ContainerState("exited", 137, oom_killed=True, restarts=0, error="", memory=32 << 20)


def wait(
    engine: ScriptedEngine, clock: ManualClock, trouble: Callable[[float], Trouble | None]
) -> tuple[Outcome, list[str]]:
    """Wait for a container whose trouble depends on the seconds since the beginning."""
    said: list[str] = []
    candidate = Candidate("shop-1", 8000, HEALTH, lambda _state: trouble(clock.now - 1000.0))
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
    assert said[0].endswith(f": {BAD.text}")


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
        "cause: it ran out of memory: it took more than its limit of 32Mi, and was killed",
        "what to do: raise resources.memory in the spec, or let the app use less",
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


def test_deadline_looks_for_the_port() -> None:
    """When nothing listens where it should, it is looked up where something does."""
    tables = "  sl  local_address\n   0: 00000000:0BB8 00000000:0000 0A 0\n"
    engine = ScriptedEngine(prints=tables)
    outcome, _ = wait(engine, ManualClock(), lambda _: REFUSED)
    assert isinstance(outcome, Stalled)
    assert "cause: nothing listens on port 8000, but it listens on port 3000" in outcome.detail
    assert engine.asked.count("execute cat /proc/net/tcp /proc/net/tcp6") == 1


def test_cancel_ends_the_wait() -> None:
    """A wait that is called off ends as superseded, not as failed."""
    clock = ManualClock(raised_at=1002.0)
    outcome, _ = wait(ScriptedEngine(), clock, lambda _: BAD)
    assert isinstance(outcome, Superseded)
    assert clock.now == 1002.0


def test_without_trouble_there_is_no_last_answer() -> None:
    """What had nothing against it and ended before stableFor fails without a last answer."""
    failed, _ = wait(ScriptedEngine((RUNNING, EXITED)), ManualClock(), lambda _: GOOD)
    assert isinstance(failed, Stalled)
    assert "last answer" not in failed.detail


def test_the_one_who_asks_is_shown_the_state() -> None:
    """What asks gets the state that was just read: a health command's result is a part of it."""
    clock = ManualClock()
    starting, healthy = (RUNNING._replace(health=word) for word in ("starting", "healthy"))
    engine = ScriptedEngine((starting, starting, starting, healthy))
    candidate = Candidate("shop-1", 8000, HEALTH, own_trouble)
    said: list[str] = []
    outcome = wait_healthy(candidate, engine, clock, clock, said.append)
    assert isinstance(outcome, Done)
    assert said == [f"attempt {n}: its health command has not succeeded yet" for n in (1, 2, 3)]
