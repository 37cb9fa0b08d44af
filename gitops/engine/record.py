"""Remembers a run while it happens, and shows it to whoever watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gitops.drivers.base import Output
from gitops.engine.ports import Memory, Reporter
from gitops.model.actions import KeepRevision
from gitops.model.outcomes import Done, Outcome, Retry, Skipped, Stalled, Superseded
from gitops.model.plan import Step
from gitops.model.records import EventType, NewEvent, Quarantine

Redact = Callable[[str], str]


class Recorder:
    """One run's memory. `redact` takes secret values out of every text before it goes anywhere."""

    def __init__(
        self,
        memory: Memory,
        reporter: Reporter,
        project: str,
        run: str,
        clock: Callable[[], float],
        redact: Redact,
    ) -> None:
        self._memory = memory
        self._reporter = reporter
        self._project = project
        self._run = run
        self._clock = clock
        self._redact = redact

    @contextmanager
    def step(self, step: Step) -> Iterator[tuple[Output, Output]]:
        """Remember that a step begins; give the place for its log, and for what is shown only."""
        self._memory.runs.begin_step(self._run, step.number, self._clock())
        if step.mends:
            self._memory.mendings.add(self._project, step.address, self._clock())
        self._reporter.began(step)
        log = self._memory.runs.step_log(self._run, step.number)

        def output(line: str) -> None:
            clean = self._redact(line)
            log.write(clean)
            self._reporter.line(step, clean)

        try:
            yield output, lambda text: self._reporter.line(step, self._redact(text))
        finally:
            log.close()

    def ended(self, step: Step, outcome: Outcome, seconds: float) -> Outcome:
        """Remember how a step ended, and its inputs if they are bad; return it without secrets."""
        clean = self._clean(outcome)
        self._memory.runs.end_step(self._run, step.number, clean, self._clock())
        self._reporter.ended(step, clean, seconds)
        if isinstance(clean, Stalled) and clean.quarantine and step.wish:
            reason = f"{clean.reason}\n{clean.detail}" if clean.detail else clean.reason
            self._memory.holds.add(
                Quarantine(self._project, step.address, step.wish, reason, self._run, self._clock())
            )
        if isinstance(clean, Done) and isinstance(step.action, KeepRevision):
            # Another version has proved itself: what had to be put right was the last one's.
            self._memory.mendings.lift(self._project, step.address)
        event = _event(step, clean)
        if event is not None:
            kind, reason, message = event
            new = NewEvent(
                self._project, step.address, kind, reason, message, self._clock(), self._run
            )
            self._memory.events.append([new])
        return clean

    def _clean(self, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Retry | Stalled):
            return outcome._replace(
                reason=self._redact(outcome.reason), detail=self._redact(outcome.detail)
            )
        return outcome


_TOLD = {
    "Build": "Built",
    "RunTask": "TaskRan",
    "Push": "Pushed",
    "Tag": "Tagged",
    "CreateContainer": "Created",
    "StartContainer": "Started",
    "WaitHealthy": "Healthy",
    "SwitchRoutes": "Routed",
    "ObtainCertificate": "CertificateObtained",
    "RunHook": "HookRan",
    "RemoveContainer": "Removed",
    "RestoreGateway": "Restored",
}


def _event(step: Step, outcome: Outcome) -> tuple[EventType, str, str] | None:
    """Return what is worth telling of a step: what it did to a resource, or what went wrong."""
    action = type(step.action).__name__
    match outcome:
        case Done():
            told = _TOLD.get(action)
            return (EventType.NORMAL, told, step.because) if told else None
        case Retry(reason, detail):
            return EventType.WARNING, f"{action}Failed", f"{reason}: {detail}".strip(": ")
        case Stalled(reason, detail, _):
            return EventType.WARNING, f"{action}Failed", f"{reason}: {detail}".strip(": ")
        case Superseded(by):
            return EventType.NORMAL, f"{action}Superseded", f"given up for {by}"
        case Skipped():
            return None
