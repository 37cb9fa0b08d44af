"""The gate of a deploy: ask a new container through the gateway until it has proved itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gitops.drivers.base import Cancel, Engine, Output
from gitops.model.observed import ContainerState
from gitops.model.outcomes import Done, Outcome, Stalled, Superseded
from gitops.model.webapp import Health

_FIRST_PAUSE = 0.05
_LOG_LINES = 20


class Candidate(NamedTuple):
    """A container at the gate. `ask` returns what is wrong with it while it runs, or nothing."""

    container: str
    health: Health
    ask: Callable[[ContainerState], str]


class _Tally:
    """What was seen so far: how often it was asked, since when it is well, and the last trouble."""

    def __init__(self, restarts: int) -> None:
        self.restarts = restarts
        self.attempts = 0
        self.well_since: float | None = None
        self.trouble = ""

    def note(self, trouble: str, now: float) -> None:
        self.attempts += 1
        if trouble:
            self.trouble = trouble
            self.well_since = None
        elif self.well_since is None:
            self.well_since = now


def wait_healthy(
    candidate: Candidate,
    engine: Engine,
    clock: Callable[[], float],
    cancel: Cancel,
    output: Output,
) -> Outcome:
    """Wait until the candidate is well for `stableFor`; a process that ends fails at once.

    Asks quickly at first and every `interval` later, so that a fast start is seen fast.
    """
    health = candidate.health
    started = clock()
    state = engine.state(candidate.container)
    tally = _Tally(state.restarts)
    pause = min(_FIRST_PAUSE, health.interval)
    while True:
        if state.state != "running" or state.restarts > tally.restarts:
            return _failed(candidate, engine, state, tally, "the process ended")
        tally.note(candidate.ask(state), clock())
        now = clock()
        if tally.well_since is not None and now - tally.well_since >= health.stable_for:
            return Done(f"healthy after {now - started:.1f} s and {tally.attempts} attempts")
        if now - started > health.deadline:
            why = f"not healthy within {health.deadline:g} s"
            return _failed(candidate, engine, state, tally, why)
        if tally.well_since is None:
            output(f"attempt {tally.attempts}: {tally.trouble}")
        if cancel.wait(_next(pause, tally, health, now)):
            return Superseded()
        pause = min(pause * 2, health.interval)
        state = engine.state(candidate.container)


def _next(pause: float, tally: _Tally, health: Health, now: float) -> float:
    """Return how long to wait: not past the moment when it was well for long enough."""
    if tally.well_since is None:
        return pause
    return max(0.01, min(health.interval, tally.well_since + health.stable_for - now))


def _failed(
    candidate: Candidate, engine: Engine, state: ContainerState, tally: _Tally, why: str
) -> Stalled:
    """Return the failure with all that explains it."""
    facts = [f"attempts: {tally.attempts}"]
    if tally.trouble:
        facts.append(f"last answer: {tally.trouble}")
    if state.state != "running" or state.restarts > tally.restarts:
        facts.append(f"exit code: {state.exit_code}")
    if state.oom_killed:
        facts.append("killed by the kernel: out of memory (raise resources.memory)")
    if state.error:
        facts.append(f"engine: {state.error}")
    lines = engine.logs(candidate.container, _LOG_LINES)
    facts.append("last log lines:" if lines else "it logged nothing")
    facts.extend(f"  {line}" for line in lines)
    return Stalled(f"{candidate.container}: {why}", "\n".join(facts))
