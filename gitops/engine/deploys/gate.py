"""The gate of a deploy: ask a new container through the gateway until it has proved itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gitops.drivers.base import Cancel, Engine, Output
from gitops.engine.deploys.diagnosis import diagnose
from gitops.engine.deploys.listening import listeners
from gitops.engine.reports.failures import as_text
from gitops.model.observed import ContainerState
from gitops.model.outcomes import Done, Outcome, Stalled, Superseded
from gitops.model.probing import Fault, GateReport, Trouble
from gitops.model.webapp import Health

_FIRST_PAUSE = 0.05
_LOG_LINES = 20


class Candidate(NamedTuple):
    """A container at the gate. `ask` returns what is wrong with it while it runs, or nothing;
    `port` is the one that it should listen on, -1 for none.
    """

    container: str
    port: int
    health: Health
    ask: Callable[[ContainerState], Trouble | None]


class _Tally:
    """What was seen so far: how often it was asked, since when it is well, and the troubles."""

    def __init__(self, state: ContainerState, started: float) -> None:
        self.restarts = state.restarts
        self.started = started
        self.attempts = 0
        self.well_since: float | None = None
        self.was_well = False
        self.first: Trouble | None = None
        self.last: Trouble | None = None

    def note(self, trouble: Trouble | None, now: float) -> None:
        self.attempts += 1
        if trouble is not None:
            self.first = self.first or trouble
            self.last = trouble
            self.well_since = None
        elif self.well_since is None:
            self.was_well = True
            self.well_since = now

    def ended(self, state: ContainerState) -> bool:
        return state.state != "running" or state.restarts > self.restarts


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
    state = engine.state(candidate.container)
    tally = _Tally(state, clock())
    pause = min(_FIRST_PAUSE, health.interval)
    while not tally.ended(state):
        tally.note(candidate.ask(state), clock())
        now = clock()
        if tally.well_since is not None and now - tally.well_since >= health.stable_for:
            took = now - tally.started
            times = "attempt" if tally.attempts == 1 else "attempts"
            return Done(f"healthy after {took:.1f} s and {tally.attempts} {times}")
        if now - tally.started > health.deadline:
            break
        if tally.well_since is None and tally.last is not None:
            output(f"attempt {tally.attempts}: {tally.last.text}")
        if cancel.wait(_next(pause, tally, health, now)):
            return Superseded()
        pause = min(pause * 2, health.interval)
        state = engine.state(candidate.container)
    return _failed(candidate, engine, tally, (state, clock() - tally.started))


def _next(pause: float, tally: _Tally, health: Health, now: float) -> float:
    """Return how long to wait: not past the moment when it was well for long enough."""
    if tally.well_since is None:
        return pause
    return max(0.01, min(health.interval, tally.well_since + health.stable_for - now))


def _failed(
    candidate: Candidate, engine: Engine, tally: _Tally, seen: tuple[ContainerState, float]
) -> Stalled:
    """Return the failure with its cause, and all that explains it."""
    state, seconds = seen
    if not tally.ended(state):
        # What ended just after it was asked for the last time tells more than its last answer.
        state = engine.state(candidate.container)
    report = _report(candidate, engine, tally, state)._replace(
        seconds=(state.ran or seconds) if tally.ended(state) else seconds
    )
    why = "the process ended" if report.ended else f"not healthy within {_deadline(candidate)}"
    diagnosis = diagnose(report, candidate.health)
    return Stalled(f"{candidate.container}: {why}", as_text(report, diagnosis))


def _report(
    candidate: Candidate, engine: Engine, tally: _Tally, state: ContainerState
) -> GateReport:
    ended = tally.ended(state)
    unheard = tally.last is not None and tally.last.fault in (Fault.REFUSED, Fault.SILENT)
    return GateReport(
        container=candidate.container,
        ended=ended,
        seconds=0.0,
        attempts=tally.attempts,
        port=candidate.port,
        first=tally.first,
        last=tally.last,
        was_well=tally.was_well,
        exit_code=state.exit_code,
        oom=state.oom_killed,
        memory=state.memory,
        error=state.error,
        listeners=listeners(engine, candidate.container) if unheard and not ended else None,
        exposes=state.exposes,
        log=engine.logs(candidate.container, _LOG_LINES),
    )


def _deadline(candidate: Candidate) -> str:
    return f"{candidate.health.deadline:g} s"
