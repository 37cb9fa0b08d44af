from __future__ import annotations

from threading import Event, Semaphore

import pytest
from support.fake_memory import FakeMemory
from support.fakes import FakeLeases, FakeReporter, ScriptedEngine, world_of
from support.steps import EMPTY, INPUTS, plan, start

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.decide import Decision
from gitops.engine.leasing import Busy, Claim
from gitops.engine.reconcile import Crew, Order
from gitops.engine.watch.works import Works
from gitops.model.address import Address
from gitops.model.lease import Lease
from gitops.model.observed import EngineSnapshot, Observed
from gitops.model.outcomes import Found
from gitops.model.plan import Step
from gitops.model.records import RunState
from gitops.model.wanted import Wanted
from gitops.plan.parts import parts_of

NOTHING = EngineSnapshot((), {}, frozenset())
API = Address("WebApp", "api")
OURS = Lease("ours", "me", "here", "1:1", "watch")
THEIRS = Lease("theirs", "ci", "there", "2:2", "reconcile")
ORDER = Order("watch", "a test")


class Stage:
    """Works on an engine whose container `c2` starts only when `door` is opened."""

    def __init__(self, holder: Lease | None = None) -> None:
        self.door = Event()
        self.ended = Semaphore(0)
        self.leases = FakeLeases(holder)
        self.memory = FakeMemory()
        world = world_of(ScriptedEngine(does=self._do), self.leases, NOTHING)
        claim = Claim("shop", OURS, wait=False, waiting=lambda _target, _holder: None)
        self.crew = Crew(world, self.memory, FakeReporter(), str, claim, Event())
        self.works = Works(self.ended.release)

    def _do(self, asked: str) -> None:
        if asked == "start c2":
            assert self.door.wait(20)
        if asked == "start c3":
            raise DriverError(ErrorKind.FAILED, "c3 did not start")

    def begin(self, *steps: Step) -> None:
        """Begin every part of a plan of these steps."""
        made = plan(*steps)
        wanted = Wanted("shop", frozenset(), (), (), (), (), {}, frozenset())
        seen = Observed({"local": Found(NOTHING)}, {}, {})
        decision = Decision(EMPTY, INPUTS, wanted, seen, made)
        for part in parts_of(made):
            self.works.begin(decision, part, self.crew, ORDER)

    def one_ended(self) -> None:
        """Wait until a part has ended, its thread included."""
        assert self.ended.acquire(timeout=20)
        for work in self.works._works:
            if work.thread.name != "part WebApp/api" or self.door.is_set():
                work.thread.join(20)


def test_parts_work_side_by_side() -> None:
    """A part that takes long keeps no other from ending; its resources are busy meanwhile."""
    stage = Stage()
    stage.begin(start(1), start(2, address=API))
    assert stage.works.busy == {API, start(1).address}
    stage.one_ended()
    (work,) = stage.works.gather()
    assert work.part.addresses == {start(1).address}
    assert stage.works.busy == {API}
    assert stage.leases.held == OURS
    stage.door.set()
    stage.one_ended()
    assert len(stage.works.gather()) == 1
    assert stage.leases.held is None
    assert stage.memory.finished == [RunState.CONVERGED] * 2


def test_failures_of_a_part_are_gathered() -> None:
    """A part that failed comes back with the steps that did, and the lease is given back."""
    stage = Stage()
    stage.begin(start(3))
    stage.one_ended()
    (work,) = stage.works.gather()
    assert [step.number for step, _ in work.failures] == [3]
    assert stage.leases.held is None


def test_busy_begins_nothing() -> None:
    """While somebody else holds the lease, nothing begins."""
    stage = Stage(THEIRS)
    with pytest.raises(Busy):
        stage.begin(start(1))
    assert stage.works.busy == frozenset()
    assert stage.memory.started == []
    assert stage.leases.held == THEIRS


def test_stop_calls_off_and_waits() -> None:
    """A stop calls every part off, and returns when they have ended and the lease is free."""
    stage = Stage()
    stage.begin(start(2, address=API), start(4, 2, address=API))
    stage.door.set()
    stage.works.stop()
    assert stage.works.busy == frozenset()
    assert stage.leases.held is None
    assert len(stage.memory.finished) == 1
