from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

from support.fake_memory import FakeMemory
from support.fakes import FakeLeases, FakeReporter, ScriptedEngine, Unused, world_of
from support.steps import EMPTY

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.leasing import Claim
from gitops.engine.reconcile import Crew
from gitops.engine.watch.loop import Watch, follow
from gitops.engine.watch.polling import PolledSources
from gitops.engine.watch.wakeups import Wakeups
from gitops.model.bundle import Bundle
from gitops.model.lease import Lease
from gitops.model.observed import EngineSnapshot

NOTHING = EngineSnapshot((), {}, frozenset())


class ScriptedSpecs:
    """Gives one bundle after the other, and wakes the loop each time; then the loop is stopped."""

    def __init__(self, wakeups: Wakeups, *bundles: Bundle | None) -> None:
        self._wakeups = wakeups
        self._bundles = list(bundles)
        self.looks = 0
        self.stop = Event()

    def latest(self) -> Bundle | None:
        """Return the next bundle."""
        self.looks += 1
        if self.looks == len(self._bundles):
            self.stop.set()
        self._wakeups.wake(f"look {self.looks}")
        return self._bundles[self.looks - 1]


class FailingReader:
    """An engine that cannot be reached."""

    def snapshot(self, _project: str) -> EngineSnapshot:
        """Fail."""
        raise DriverError(ErrorKind.UNREACHABLE, "the engine is down")


class Stage:
    """A loop over scripted specs, and all that it opened and said."""

    def __init__(self, *bundles: Bundle | None, reachable: bool = True) -> None:
        wakeups = Wakeups()
        self.specs = ScriptedSpecs(wakeups, *bundles)
        self.reporter = FakeReporter()
        self.memory = FakeMemory()
        self.leases = FakeLeases()
        self.opened: list[Bundle] = []
        self._reachable = reachable
        self._wakeups = wakeups

    def run(self) -> None:
        """Follow until the specs say stop."""

        def redacting(_secrets: object) -> Callable[[str], str]:
            return str

        follow(
            Watch(
                self.specs,
                self._open,
                redacting,
                self._wakeups,
                lambda: 0.5,
                self.specs.stop.is_set,
            )
        )

    def _open(self, bundle: Bundle) -> tuple[Crew, PolledSources]:
        self.opened.append(bundle)
        world = world_of(ScriptedEngine(), self.leases, NOTHING)
        if not self._reachable:
            sites = {"local": world.sites["local"]._replace(reader=FailingReader())}
            world = world._replace(sites=sites)
        lease = Lease("ours", "me", "here", "1:1", "watch")
        claim = Claim("shop", lease, wait=False, waiting=lambda _target, _holder: None)
        crew = Crew(world, self.memory, self.reporter, str, claim, Event())
        return crew, PolledSources(Unused(), time.monotonic)  # type: ignore[arg-type]


def test_broken_specs_from_the_start_do_nothing() -> None:
    """Without good specs the loop opens nothing and goes on looking."""
    stage = Stage(None, None, None)
    stage.run()
    assert stage.specs.looks == 3
    assert stage.opened == []


def test_same_specs_are_opened_once() -> None:
    """The same bundle keeps its connections; another one gets its own."""
    other = EMPTY._replace(files=("more.yaml",))
    stage = Stage(EMPTY, EMPTY, other)
    stage.run()
    assert stage.opened == [EMPTY, other]


def test_in_sync_takes_no_lease_and_keeps_no_run() -> None:
    """A look that finds nothing to do writes nothing, and is told once."""
    stage = Stage(EMPTY, EMPTY, EMPTY)
    stage.run()
    assert stage.leases.calls == []
    assert stage.memory.started == []
    assert len(stage.reporter.notes) == 1
    assert "in sync" in stage.reporter.notes[0]


def test_unreachable_engine_is_told_once() -> None:
    """An engine that stays away is told once, not at every look; the loop goes on."""
    stage = Stage(EMPTY, EMPTY, EMPTY, reachable=False)
    stage.run()
    told = [note for note in stage.reporter.notes if "the engine is down" in note]
    assert len(told) == 1
    assert stage.specs.looks == 3
