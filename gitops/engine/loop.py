"""`watch`: on every wake-up look, decide, and begin what nobody is at work on yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from gitops.drivers.base import DriverError
from gitops.engine.decide import Decision, decide
from gitops.engine.leasing import Busy
from gitops.engine.patience import Patience
from gitops.engine.polling import PolledSources
from gitops.engine.reconcile import Crew, Order
from gitops.engine.wakeups import Wakeups
from gitops.engine.works import Work, Works
from gitops.model.bundle import Bundle
from gitops.plan.parts import parts_of, wishes

QUIET = 0.3
"""Seconds without a further change after which a save counts as finished."""

RESYNC = 60.0
"""Seconds between two looks when nothing wakes the loop: drift is healed that late at most."""


class Specs(Protocol):
    """Where the loop gets its wish from."""

    def latest(self) -> Bundle | None:
        """Return the last good bundle, reading again; a broken spec leaves the one before."""
        ...


class Watch(NamedTuple):
    """What a loop works with. `opened` gives a crew for a bundle, with sources that are polled."""

    specs: Specs
    opened: Callable[[Bundle], tuple[Crew, PolledSources]]
    wakeups: Wakeups
    chance: Callable[[], float]
    stopped: Callable[[], bool]


def follow(watch: Watch) -> None:
    """Keep the world as the specs say until `stopped`; then let what runs end, and return."""
    _Loop(watch).run()


class _Loop:
    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._patience = Patience(time.monotonic, watch.chance)
        self._bundle: Bundle | None = None
        self._crew: Crew | None = None
        self._sources: PolledSources | None = None
        self._works = Works(lambda: watch.wakeups.wake("a part ended"))
        self._said: dict[str, None] = {}

    def run(self) -> None:
        reasons: tuple[str, ...] = ("start",)
        while not self._watch.stopped():
            self._look(", ".join(reasons))
            reasons = self._watch.wakeups.wait(self._due(), QUIET) or ("resync",)
        self._works.stop()

    def _due(self) -> float:
        polled = self._sources.due() if self._sources is not None else float("inf")
        return min(time.monotonic() + RESYNC, polled, self._patience.due())

    def _look(self, reason: str) -> None:
        bundle = self._watch.specs.latest()
        if bundle is None:
            return
        crew = self._opened(bundle)
        for work in self._works.gather():
            self._learn(work, crew)
        decision = decide(bundle, crew.world, crew.memory)
        for address in sorted(self._works.overtake(decision)):
            crew.reporter.note(f"{address}: something newer is wanted; the attempt is given up")
        self._say(decision, crew)
        try:
            self._begin(decision, crew, Order("watch", reason))
        except Busy as busy:
            crew.claim.waiting(busy.target, busy.holder)
        except DriverError as error:
            crew.reporter.note(f"error: {error}")

    def _opened(self, bundle: Bundle) -> Crew:
        """Return who works on this bundle; what is at work on the last one goes on."""
        if self._crew is not None and self._bundle is bundle:
            return self._crew
        if self._bundle is not None and self._bundle.targets != bundle.targets:
            # The lease is held on the engines of the old targets only.
            self._works.stop()
        self._crew, self._sources = self._watch.opened(bundle)
        self._bundle = bundle
        return self._crew

    def _begin(self, decision: Decision, crew: Crew, order: Order) -> None:
        if decision.plan.refused:
            return
        newest = wishes(decision.wanted)
        for part in parts_of(decision.plan):
            early = any(
                self._patience.waits(address, newest.get(address)) for address in part.addresses
            )
            if not early and not part.addresses & self._works.busy:
                self._works.begin(decision, part, crew, order)

    def _learn(self, work: Work, crew: Crew) -> None:
        failed = {step.address for step, _ in work.failures}
        self._patience.succeeded(work.part.addresses - failed)
        for address in sorted(failed):
            seconds = self._patience.failed(address, work.wishes.get(address))
            crew.reporter.note(f"{address}: tried again in {seconds:.0f} s, or when it changes")

    def _say(self, decision: Decision, crew: Crew) -> None:
        """Say what stands in the way, and that all is well, once for each time it becomes so."""
        lines = [
            f"! {address}: {blocked.reason}: {blocked.message}"
            for address, blocked in sorted(decision.plan.blocked.items())
        ]
        if decision.plan.refused:
            lines.append(f"refused: {decision.plan.refused}")
        if decision.plan.converged:
            lines.append(f"in sync: {len(decision.plan.in_sync)} resources")
        if decision.plan.steps:
            lines.append("")
        for line in lines:
            if line and line not in self._said:
                crew.reporter.note(line)
        self._said = dict.fromkeys(lines)
