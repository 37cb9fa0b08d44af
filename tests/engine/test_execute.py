from __future__ import annotations

from collections.abc import Mapping
from threading import Event

from support.fake_memory import FakeMemory
from support.fakes import FakeLeases, FakeReporter, ScriptedEngine, world_of
from support.steps import EMPTY, INPUTS, SHOP, plan, start

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.board import Board
from gitops.engine.builds.records import BuildRuns, Registrar
from gitops.engine.deploys.addresses import Addresses
from gitops.engine.execute import execute
from gitops.engine.record import Recorder
from gitops.engine.scene import Scene
from gitops.model.actions import KeepRevision
from gitops.model.address import Address
from gitops.model.image import ImageRef
from gitops.model.lease import Lease
from gitops.model.observed import EngineSnapshot
from gitops.model.outcomes import Done, Outcome, Retry, Skipped, Stalled, Superseded
from gitops.model.plan import Step
from gitops.model.revisions import Content, Revision
from gitops.model.webapp import Health, Resources, Runtime

NOTHING = EngineSnapshot((), {}, frozenset())


class Stage:
    """An engine that fails where it is told to, and what was remembered."""

    def __init__(self, **fails: Exception) -> None:
        self._fails = fails
        self.cancel = Event()
        self.memory = FakeMemory()
        self.reporter = FakeReporter()
        self.engine = ScriptedEngine(does=self._do)

    def _do(self, asked: str) -> None:
        failure = self._fails.get(asked.replace(" ", "_"))
        if failure is not None:
            raise failure

    def run(self, *steps: Step) -> Mapping[int, Outcome]:
        """Carry the steps out."""
        world = world_of(self.engine, FakeLeases(), NOTHING)
        lease = Lease("1", "ada", "host", "7:1", "test")
        registrar = Registrar(self.memory.task_runs, world.queue, world.clock, lease, "shop", str)
        scene = Scene(
            "shop", EMPTY, INPUTS, world, {}, Board(Addresses(float)), BuildRuns(registrar)
        )
        recorder = Recorder(
            self.memory,
            self.reporter,
            "shop",
            "run-1",
            world.clock,
            lambda text: text.replace("hunter2", "***"),
        )
        return execute(plan(*steps), scene, recorder, self.cancel)


def failure(kind: ErrorKind, detail: str = "") -> DriverError:
    return DriverError(kind, "c2 did not start", detail)


def test_steps_run_after_what_they_need() -> None:
    """A step begins when those before it have ended well."""
    stage = Stage()
    outcomes = stage.run(start(1), start(2, 1), start(3, 2))
    assert all(isinstance(outcome, Done) for outcome in outcomes.values())
    assert stage.engine.asked == ["start c1", "start c2", "start c3"]


def test_dependents_of_a_failure_are_skipped() -> None:
    """What depends on a failed step is skipped, with that step's number; the rest goes on."""
    stage = Stage(start_c2=failure(ErrorKind.FAILED))
    outcomes = stage.run(start(1), start(2, 1), start(3, 2), start(4, 3), start(5, 1))
    assert isinstance(outcomes[2], Stalled)
    assert (outcomes[3], outcomes[4]) == (Skipped(2), Skipped(2))
    assert isinstance(outcomes[5], Done)
    assert "start c3" not in stage.engine.asked


def test_failed_step_is_undone() -> None:
    """The undo of a step runs when it fails, and not when it ends well."""
    stage = Stage(start_c2=failure(ErrorKind.FAILED))
    stage.run(start(1, undo=True), start(2, undo=True))
    assert "remove c2" in stage.engine.asked
    assert "remove c1" not in stage.engine.asked


def test_undo_that_fails_is_told_in_the_log() -> None:
    """An undo that fails leaves the outcome as it is, and a line in the step's log."""
    stage = Stage(start_c2=failure(ErrorKind.FAILED), remove_c2=failure(ErrorKind.UNREACHABLE))
    outcomes = stage.run(start(2, undo=True))
    assert isinstance(outcomes[2], Stalled)
    assert stage.memory.logs[2][-1].startswith("could not undo: ")


def test_bug_becomes_a_retry_with_its_traceback() -> None:
    """A fault of the program loses no other step; its traceback stands in the step's log."""
    stage = Stage(start_c1=ZeroDivisionError("a bug"))
    outcomes = stage.run(start(1), start(2))
    assert outcomes[1] == Retry("internal error: ZeroDivisionError: a bug")
    assert isinstance(outcomes[2], Done)
    assert stage.memory.logs[1][0] == "Traceback (most recent call last):"
    assert stage.memory.held == []


def test_kinds_of_errors_decide_about_trying_again() -> None:
    """Unreachable is tried again; a fault of the inputs is quarantined; a conflict is not."""
    stage = Stage(start_c1=failure(ErrorKind.UNREACHABLE), start_c3=failure(ErrorKind.CONFLICT))
    assert isinstance(stage.run(start(1))[1], Retry)
    assert stage.memory.held == []
    assert stage.run(start(3))[3] == Stalled("c2 did not start", quarantine=False)
    assert stage.memory.held == []
    stage = Stage(start_c2=failure(ErrorKind.INVALID, "no such option"))
    stage.run(start(2))
    (held,) = stage.memory.held
    assert (held.wish, held.reason) == ("wish-2", "c2 did not start\nno such option")


def test_mendings_are_counted_as_they_begin() -> None:
    """A step that mends counts for its resource, whether it ends well or not; others do not."""
    stage = Stage(start_c2=failure(ErrorKind.FAILED))
    stage.run(start(1), *(start(number)._replace(mends=True) for number in (2, 3)))
    assert stage.memory.mendings.told == [(SHOP, 1000.0)] * 2
    assert stage.memory.history("shop").mended == {SHOP: 2}


def test_mendings_are_of_the_version_that_serves() -> None:
    """A version that has proved itself has not been mended yet; other apps' mendings stay."""
    other = Address("WebApp", "other")
    stage = Stage()
    mending = start(1)._replace(mends=True)
    stage.run(mending, mending._replace(number=2, address=other))
    runtime = Runtime((), 8000, {}, (), Resources(), Health("", (), 1.0, 1.0, 1.0, 0.0))
    content = Content(ImageRef("shop", "1", f"sha256:{'a' * 64}"), "shop:1", runtime)
    revision = Revision(1, "c1", "", 0.0, content, {})
    kept = start(3)._replace(action=KeepRevision("local", SHOP, revision, (), 1))
    assert isinstance(stage.run(kept)[3], Done)
    assert stage.memory.history("shop").mended == {other: 1}


def test_cancel_supersedes_what_has_not_begun() -> None:
    """When a run is called off, steps that have not begun are superseded, not failed."""
    stage = Stage()
    stage.cancel.set()
    outcomes = stage.run(start(1), start(2, 1))
    assert isinstance(outcomes[1], Superseded)
    assert outcomes[2] == Skipped(1)
    assert stage.engine.asked == []


def test_cancelled_driver_is_superseded() -> None:
    """A driver that gave up because it was told to has not failed."""
    stage = Stage(start_c1=failure(ErrorKind.CANCELLED))
    assert isinstance(stage.run(start(1))[1], Superseded)


def test_secrets_are_redacted_everywhere() -> None:
    """A secret in an error reaches no log, no event, no quarantine and no report."""
    stage = Stage(start_c2=failure(ErrorKind.FAILED, "login hunter2 refused"))
    stage.run(start(2))
    told = (stage.memory.told, stage.memory.held, stage.memory.outcomes, stage.reporter.order)
    assert "hunter2" not in repr(told)
    assert "login *** refused" in repr(stage.memory.held)


def test_events_name_what_happened() -> None:
    """A step that did something gives an event; one that failed a warning; a skipped one none."""
    stage = Stage(start_c2=failure(ErrorKind.FAILED))
    stage.run(start(1), start(2), start(3, 2))
    assert sorted((str(one.type), one.reason) for one in stage.memory.told) == [
        ("Normal", "Started"),
        ("Warning", "StartContainerFailed"),
    ]
