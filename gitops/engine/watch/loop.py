"""`watch`: on every wake-up look, decide, and begin what nobody is at work on yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from gitops.drivers.base import DriverError
from gitops.engine.decide import Decision, decide
from gitops.engine.deploys import memory_kills
from gitops.engine.leasing import Busy
from gitops.engine.reconcile import Crew, Order
from gitops.engine.record import Redact
from gitops.engine.watch.attention import Attention
from gitops.engine.watch.patience import Patience
from gitops.engine.watch.polling import PolledSources
from gitops.engine.watch.telling import Telling, again
from gitops.engine.watch.wakeups import Wakeups
from gitops.engine.watch.works import Work, Works
from gitops.model.bundle import Bundle
from gitops.model.outcomes import Outcome, Stalled
from gitops.model.plan import Step
from gitops.model.secret import Secret
from gitops.plan.builds.schedules import next_due
from gitops.plan.deploys.windows import reopens
from gitops.plan.parts import parts_of, wishes, without

QUIET = 0.3
"""Seconds without a further change after which a save counts as finished."""

LONGEST = 3.0
"""Seconds after which changes that do not end are looked at all the same."""

RESYNC = 60.0
"""Seconds between two looks when nothing wakes the loop: drift is healed that late at most."""

_SOON = 1.0
"""Seconds after which it is tried again when another holds a lease, or a look went wrong."""

_BREATH = 0.05
"""Seconds between two looks at least."""


class Specs(Protocol):
    """Where the loop gets its wish from."""

    def latest(self) -> Bundle | None:
        """Return the last good bundle, reading again; a broken spec leaves the one before."""
        ...


class Watch(NamedTuple):
    """What a loop works with. `opened` gives a crew for a bundle, with sources that are polled.

    `redacting` makes what takes secrets out of texts; their values may change while it runs.
    """

    specs: Specs
    opened: Callable[[Bundle], tuple[Crew, PolledSources]]
    redacting: Callable[[Iterable[Secret]], Redact]
    wakeups: Wakeups
    chance: Callable[[], float]
    stopped: Callable[[], bool]


def follow(watch: Watch) -> None:
    """Keep the world as the specs say until `stopped`; then call off what runs, and return."""
    _Loop(watch).run()


class _Loop:
    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._patience = Patience(time.monotonic, watch.chance)
        self._bundle: Bundle | None = None
        self._crew: Crew | None = None
        self._sources: PolledSources | None = None
        self._works = Works(lambda: watch.wakeups.wake("a part ended"))
        self._telling = Telling()
        self._attention = Attention(watch.wakeups.wake)
        self._again = float("inf")

    def run(self) -> None:
        reasons: tuple[str, ...] = ("start",)
        try:
            while not self._watch.stopped():
                self._again = float("inf")
                self._look(", ".join(reasons))
                reasons = self._watch.wakeups.wait(self._due(), LONGEST) or ("resync",)
        finally:
            self._attention.stop()
            self._works.stop()

    def _due(self) -> float:
        now = time.monotonic()
        polled = self._sources.due() if self._sources is not None else float("inf")
        first = min(now + RESYNC, polled, self._patience.due(), self._again)
        return max(first, now + _BREATH)

    def _look(self, reason: str) -> None:
        bundle = self._watch.specs.latest()
        if bundle is None:
            return
        crew = self._opened(bundle)
        try:
            self._act(bundle, crew, Order("watch", reason))
            self._telling.is_new("")
        except Busy as busy:
            self._again = time.monotonic() + _SOON
            if self._telling.is_new(busy.holder.id):
                crew.claim.waiting(busy.target, busy.holder)
        except DriverError as error:
            self._again = time.monotonic() + _SOON
            if self._telling.is_new(str(error)):
                crew.reporter.note(f"error: {error}")

    def _act(self, bundle: Bundle, crew: Crew, order: Order) -> None:
        for work in self._works.gather():
            self._learn(work, crew)
        decision = decide(bundle, crew.world, crew.memory)
        self._attention.attend(decision, crew.world)
        crew.memory.events.append(tuple(memory_kills.told(decision, self._attention.killed())))
        self._again = min(self._again, _reopening(decision), _scheduled(decision))
        for address in sorted(self._works.overtake(decision)):
            crew.reporter.note(f"{address}: something newer is wanted; the attempt is given up")
        for line in self._telling.of(decision.plan):
            crew.reporter.note(line)
        redact = self._watch.redacting(decision.inputs.secrets.values())
        self._begin(decision, crew._replace(redact=redact), order)

    def _opened(self, bundle: Bundle) -> Crew:
        """Return who works on this bundle; what is at work on the last one goes on."""
        if self._crew is not None and self._bundle is bundle:
            return self._crew
        if self._bundle is not None and self._bundle.targets != bundle.targets:
            # Leases are held on the engines of the old targets.
            self._works.stop()
        self._crew, self._sources = self._watch.opened(bundle)
        self._bundle = bundle
        return self._crew

    def _begin(self, decision: Decision, crew: Crew, order: Order) -> None:
        """Begin what is connected to nothing that is at work, less what has to wait."""
        if decision.plan.refused:
            return
        newest = wishes(decision.wanted)
        ripe = without(decision.plan, lambda one: self._patience.waits(one, newest.get(one)))
        for part in parts_of(ripe):
            if not part.addresses & self._works.busy:
                self._works.begin(decision, part, crew, order)

    def _learn(self, work: Work, crew: Crew) -> None:
        failed = {step.address: _as_it_counts(step, outcome) for step, outcome in work.failures}
        self._patience.succeeded(work.part.addresses - failed.keys())
        for address, outcome in sorted(failed.items(), key=lambda pair: pair[0]):
            seconds = self._patience.failed(address, work.wishes.get(address))
            crew.reporter.note(f"{address}: {again(outcome, seconds)}")


def _as_it_counts(step: Step, outcome: Outcome) -> Outcome:
    """Return an outcome as it counts: what serves a wish that is proved is tried again."""
    if isinstance(outcome, Stalled) and not step.wish:
        return outcome._replace(quarantine=False)
    return outcome


def _scheduled(decision: Decision) -> float:
    """Return the monotonic time at which the next schedule of a task is due."""
    now = decision.inputs.now
    return time.monotonic() + next_due(decision.bundle.tasks, now) - now


def _reopening(decision: Decision) -> float:
    """Return the monotonic time at which a window opens that something waits for."""
    waiting = {
        address
        for address, blocked in decision.plan.blocked.items()
        if blocked.reason == "OutsideWindow"
    }
    opens = (
        reopens(app.spec.windows, decision.inputs.now)
        for app in decision.wanted.apps
        if app.address in waiting
    )
    return time.monotonic() + min(opens, default=float("inf")) - decision.inputs.now
