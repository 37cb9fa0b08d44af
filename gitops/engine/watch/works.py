"""Parts of plans at work, each in a thread of its own, under the leases of the engines."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from threading import Event, Thread
from typing import NamedTuple

from gitops.engine.decide import Decision
from gitops.engine.deploys.addresses import Addresses
from gitops.engine.leasing import holding
from gitops.engine.reconcile import Crew, Order, carry_out, failures_of, scene
from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.outcomes import Found, Outcome
from gitops.model.plan import Step
from gitops.model.resources import Concurrency
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

    Leases are held from the first part to the last; between them others may work. `ended` is
    called from the thread of a part that ends.
    """

    def __init__(self, ended: Callable[[], None]) -> None:
        self._ended = ended
        self._works: list[Work] = []
        self._addresses = Addresses(time.monotonic)
        self._leases: dict[str, ExitStack] = {}

    @property
    def busy(self) -> frozenset[Address]:
        """The resources that a part is about now."""
        return frozenset(address for work in self._works for address in work.part.addresses)

    def begin(self, decision: Decision, part: Part, crew: Crew, order: Order) -> None:
        """Begin a part that touches nothing busy; raise `Busy` if a lease is not to be had."""
        self._take_leases(decision, crew)
        cancel = Event()
        failures: list[tuple[Step, Outcome]] = []
        crew = crew._replace(cancel=cancel, asked=crew.cancel)
        plan = plan_of(decision.plan, part)

        def run() -> None:
            try:
                outcomes = carry_out(plan, scene(decision, crew, self._addresses), crew, order)
                failures.extend(failures_of(plan, outcomes))
            finally:
                self._ended()

        thread = Thread(target=run, name=f"part {min(part.addresses)}", daemon=True)
        self._works.append(Work(part, wishes(decision.wanted), cancel, thread, failures))
        thread.start()

    def overtake(self, decision: Decision) -> frozenset[Address]:
        """Call off the parts whose wish is no longer the newest; return what was overtaken."""
        newest, blocked = wishes(decision.wanted), decision.wanted.blocked
        patient = _queued(decision.bundle)
        overtaken: set[Address] = set()
        for work in self._works:
            # Nothing newer is known of what cannot be looked at, such as a remote that is down.
            stale = {
                one
                for one in work.part.addresses
                if one not in blocked and work.wishes.get(one) != newest.get(one)
            }
            if not patient.isdisjoint(work.part.addresses):
                continue
            if stale and not work.cancel.is_set():
                work.cancel.set()
                overtaken |= stale
        return frozenset(overtaken)

    def gather(self) -> tuple[Work, ...]:
        """Return the parts that have ended since; with the last one the leases are given back.

        Raises CONFLICT when one of them was somebody else's by then.
        """
        ended = tuple(work for work in self._works if not work.thread.is_alive())
        self._works = [work for work in self._works if work not in ended]
        self._free_leases()
        return ended

    def stop(self) -> None:
        """Call everything off, and wait until it has ended."""
        self._call_off()
        for work in self._works:
            work.thread.join()
        self.gather()

    def _call_off(self) -> None:
        for work in self._works:
            work.cancel.set()

    def _take_leases(self, decision: Decision, crew: Crew) -> None:
        """Take the lease of every engine that answers and whose lease is not held yet."""
        try:
            for target, seen in sorted(decision.observed.engines.items()):
                if isinstance(seen, Found) and target not in self._leases:
                    keepers = {target: crew.world.sites[target].leases}
                    with ExitStack() as stack:
                        lost = _Lost(self._call_off)
                        stack.enter_context(holding(keepers, crew.claim, lost))
                        self._leases[target] = stack.pop_all()
        except BaseException:
            self._free_leases()
            raise

    def _free_leases(self) -> None:
        """Give the leases back if nothing is at work."""
        if not self._works:
            with ExitStack() as stack:
                for lease in self._leases.values():
                    stack.callback(lease.close)
                self._leases = {}


def _queued(bundle: Bundle) -> frozenset[Address]:
    """Return the tasks whose runs come to their end before the newest begins."""
    return frozenset(task.address for task in bundle.tasks if task.concurrency is Concurrency.QUEUE)


class _Lost(Event):
    """Is raised when a lease is taken away; then all that is at work under it is called off."""

    def __init__(self, lost: Callable[[], None]) -> None:
        super().__init__()
        self._lost = lost

    def set(self) -> None:
        super().set()
        self._lost()
