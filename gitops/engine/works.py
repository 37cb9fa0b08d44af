"""Parts of plans at work, each in a thread of its own, all under one lease."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from threading import Event, Thread
from typing import NamedTuple

from gitops.engine.decide import Decision
from gitops.engine.leasing import holding
from gitops.engine.reconcile import Crew, Order, carry_out, failures_of, scene
from gitops.model.address import Address
from gitops.model.outcomes import Outcome
from gitops.model.plan import Step
from gitops.plan.parts import Part, plan_of, wishes


class Work(NamedTuple):
    """A part at work: for which wishes, the flag that calls it off, and how it ended."""

    part: Part
    wishes: Mapping[Address, object]
    cancel: Event
    thread: Thread
    failures: list[tuple[Step, Outcome]]


class Works:
    """Begins parts, calls off those that something newer overtakes, and gathers those that ended.

    The lease is held from the first part to the last; between them others may work.
    """

    def __init__(self, ended: Callable[[], None]) -> None:
        self._ended = ended
        self._works: list[Work] = []
        self._lease = ExitStack()
        self._held = False

    @property
    def busy(self) -> frozenset[Address]:
        """The resources that a part is about now."""
        return frozenset(address for work in self._works for address in work.part.addresses)

    def begin(self, decision: Decision, part: Part, crew: Crew, order: Order) -> None:
        """Begin a part that touches nothing busy; raise `Busy` if the lease is not to be had."""
        if not self._held:
            keepers = {name: site.leases for name, site in crew.world.sites.items()}
            self._lease.enter_context(holding(keepers, crew.claim, crew.cancel))
            self._held = True
        cancel = Event()
        failures: list[tuple[Step, Outcome]] = []
        crew = crew._replace(cancel=cancel)

        def run() -> None:
            plan = plan_of(decision.plan, part)
            try:
                outcomes = carry_out(plan, scene(decision, crew), crew, order)
                failures.extend(failures_of(plan, outcomes))
            finally:
                self._ended()

        thread = Thread(target=run, name=f"part {min(part.addresses)}", daemon=True)
        self._works.append(Work(part, wishes(decision.wanted), cancel, thread, failures))
        thread.start()

    def overtake(self, decision: Decision) -> frozenset[Address]:
        """Call off the parts whose wish is no longer the newest; return what they are about."""
        newest = wishes(decision.wanted)
        overtaken: set[Address] = set()
        for work in self._works:
            stale = {
                address
                for address in work.part.addresses
                if work.wishes.get(address) != newest.get(address)
            }
            if stale and not work.cancel.is_set():
                work.cancel.set()
                overtaken |= stale
        return frozenset(overtaken)

    def gather(self) -> tuple[Work, ...]:
        """Return the parts that have ended since; with the last one the lease is given back."""
        ended = tuple(work for work in self._works if not work.thread.is_alive())
        self._works = [work for work in self._works if work not in ended]
        if self._held and not self._works:
            self._lease.close()
            self._held = False
        return ended

    def stop(self) -> None:
        """Call everything off, and wait until it has ended."""
        for work in self._works:
            work.cancel.set()
        for work in self._works:
            work.thread.join()
        self.gather()
