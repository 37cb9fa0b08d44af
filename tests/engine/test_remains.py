"""What dead runs left is looked for by plans that make images, and by no other."""

from __future__ import annotations

from threading import Lock
from typing import Any, cast

import pytest
from support.fake_memory import FakeMemory
from support.fakes import FakeLeases, FakeReporter, ScriptedEngine, world_of
from support.steps import EMPTY, INPUTS, plan, start

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.board import Board
from gitops.engine.builds.records import BuildRuns, Registrar
from gitops.engine.builds.remains import sweeping
from gitops.engine.deploys.addresses import Addresses
from gitops.engine.ports import TaskTools
from gitops.engine.scene import Scene
from gitops.model.actions import Build
from gitops.model.address import Address
from gitops.model.lease import Lease
from gitops.model.observed import EngineSnapshot
from gitops.model.plan import Plan, Step
from gitops.model.task_runs import NewTaskRun, RunStatus, RunType

TASK = Address("BuildTask", "shop")
BUILDS = plan(Step(1, TASK, Build("local", cast("Any", None)), "a test"))


class Stage:
    """A project with one run that is dead and one that is not."""

    def __init__(self, fails: DriverError | None = None) -> None:
        self.memory = FakeMemory()
        self.reporter = FakeReporter()
        self.swept = 0
        self._fails = fails
        self._lock = Lock()
        self.dead, self.alive = (
            self.memory.task_runs.ask(
                NewTaskRun("shop", "", RunType.QUICK_RUN, (), "{}", 1.0, "ada", "here", process)
            )
            for process in ("1:1", "2:2")
        )

    def _sweep(self, _engine: object, _book: object) -> tuple[str, ...]:
        with self._lock:
            self.swept += 1
        if self._fails is not None:
            raise self._fails
        return ("container c of run r1",)

    def carry_out(self, made: Plan) -> None:
        """Sweep beside a plan."""
        unused = cast("Any", None)
        tools = TaskTools(
            unused, unused, unused, self._sweep, lambda _host, one: one == "1:1", unused
        )
        world = world_of(ScriptedEngine(), FakeLeases(), EngineSnapshot((), {}, frozenset()))
        world = world._replace(tools=tools)
        lease = Lease("1", "ada", "here", "7:1", "test")
        registrar = Registrar(self.memory.task_runs, world.queue, world.clock, lease, "shop", str)
        board = Board(Addresses(float))
        scene = Scene("shop", EMPTY, INPUTS, world, {}, board, BuildRuns(registrar))
        with sweeping(made, scene, self.reporter):
            pass


def test_a_plan_that_builds_ends_dead_records_and_takes_away_what_they_left() -> None:
    """Only the run whose process is gone is ended; what was removed is told."""
    stage = Stage()
    stage.carry_out(BUILDS)
    statuses = stage.memory.task_runs.statuses
    assert statuses[stage.dead][-1] is RunStatus.ERROR
    assert statuses[stage.alive] == [RunStatus.QUEUED]
    assert stage.reporter.notes == ["left by a run whose process died: container c of run r1"]


def test_a_plan_that_makes_no_image_costs_nothing() -> None:
    """Neither the engine nor the records are asked."""
    stage = Stage()
    stage.carry_out(plan(start(1)))
    assert stage.swept == 0
    assert stage.memory.task_runs.statuses[stage.dead] == [RunStatus.QUEUED]


@pytest.mark.parametrize("kind", [ErrorKind.UNREACHABLE, ErrorKind.TIMEOUT])
def test_an_engine_that_does_not_answer_is_told(kind: ErrorKind) -> None:
    """The plan goes on: its steps meet the same engine."""
    stage = Stage(DriverError(kind, "no engine", "it is down"))
    stage.carry_out(BUILDS)
    (note,) = stage.reporter.notes
    assert "no engine: it is down" in note
