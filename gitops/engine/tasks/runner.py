"""Runs a task: steps in their order, concurrently where they may, nothing left at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from graphlib import TopologicalSorter
from typing import NamedTuple

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.tasks.ahead import filled_ahead
from gitops.engine.tasks.belongings import Belongings
from gitops.engine.tasks.cmd_step import Yard
from gitops.engine.tasks.containers import Place, declared_networks, place_of
from gitops.engine.tasks.hands import Crew
from gitops.engine.tasks.names import default_network
from gitops.engine.tasks.room import roomy
from gitops.engine.tasks.stage import Stage
from gitops.engine.tasks.states import Result, begun_with, needs_network, verdict
from gitops.engine.tasks.step_work import Bench, Board, work_on
from gitops.engine.tasks.stopping import Stop, Why, limited
from gitops.engine.tasks.voice import Voice
from gitops.engine.tasks.workspace import Tools, Workspace
from gitops.model.task_runs import RunStatus
from gitops.model.tasks import BuildLine, RunLine, Task, TaskStep

MOST_NETWORKS = 5
"""Of a stranger's run: an engine has subnets for some thirty, and all share them."""


class Ended(NamedTuple):
    """How the steps ended: the first failure, whether it was beside the step, and whether all are
    done.
    """

    failure: str
    beside: bool
    complete: bool = False


def run_task(task: Task, stage: Stage) -> Result:
    """Run a task to its end, whatever that is, and take away all that it made on the engine.

    The record gets the steps and images on the way, not the end of the run: that is the caller's.
    A fault of this program flies, after everything was taken away.
    """
    board = Board(stage.records, stage.run, begun_with(task))
    stage.records.book.begin(stage.run, RunStatus.RUNNING, stage.records.clock(), board.steps)
    timeout = stage.limits.timeout
    why = Why(Stop.RUN_TIMEOUT, f"the run did not end in {timeout:g} s (its timeout)")
    voice = Voice(stage.records)
    leftover: list[str] = []
    room = partial(stage.work.engine.room, stage.run)
    with (
        limited(stage.flag, timeout, why) as timed,
        roomy(timed, stage.limits.disk, room, voice.remark) as flag,
    ):
        try:
            with _belongings(stage, voice, leftover) as belongings:
                ended = _run(task, stage._replace(flag=flag), belongings, board)
        except DriverError as error:
            # What concerns no single step: the networks of the run.
            cancelled = error.kind is ErrorKind.CANCELLED
            ended = Ended("" if cancelled else voice.clean(str(error)), beside=True)
        # A wish to stop that came after the last step changes nothing.
        why_stopped = None if ended.complete else flag.why
        status, message = verdict(
            why_stopped, ended.failure, board.interrupted, beside=ended.beside
        )
    return Result(status, message, board.steps, board.images, tuple(leftover))


@contextmanager
def _belongings(stage: Stage, voice: Voice, leftover: list[str]) -> Iterator[Belongings]:
    """Give the place for what the run makes; what cannot be taken away is told, never hidden."""
    belongings = Belongings(stage.work.engine, stage.mark)
    try:
        yield belongings
    finally:
        for error in belongings.clear():
            leftover.append(voice.clean(error))
            voice.remark(f"could not be removed: {error}; the next run tries again")


def _run(task: Task, stage: Stage, belongings: Belongings, board: Board) -> Ended:
    place = _place(task, stage, belongings)
    tools = Tools(stage.work.engine, belongings, stage.mark, stage.work.workspace)
    workspace = Workspace(tools, stage.inputs.context, task)
    yard = Yard(stage.work.engine, belongings, workspace, place)
    bench = Bench(stage, yard, board, many=len(task.steps) > 1)
    sorter = TopologicalSorter({step.id: step.after for step in task.steps})
    sorter.prepare()
    # A fault of the program must not wait for the other steps' own ends.
    with Crew[tuple[str, bool]]() as crew:
        try:
            with filled_ahead(task, workspace, stage.inputs.context):
                return _carry_out(task, sorter, bench, crew)
        except BaseException:
            stage.flag.stop(Why(Stop.SIBLING, "the run broke off"))
            raise


def _carry_out(
    task: Task, sorter: TopologicalSorter[str], bench: Bench, crew: Crew[tuple[str, bool]]
) -> Ended:
    """Begin each step when those before it have ended well; return the first failure."""
    steps = {step.id: step for step in task.steps}
    flag = bench.stage.flag
    going = 0
    first = Ended("", beside=False)
    while sorter.is_active():
        for name in sorter.get_ready() if not flag.is_set() else ():
            crew.begin(name, partial(work_on, steps[name], bench))
            going += 1
        if not going:
            break
        name, (message, beside) = crew.next()
        going -= 1
        if not message:
            sorter.done(name)
        elif not first.failure and not flag.is_set():
            first = Ended(message, beside)
            flag.stop(Why(Stop.SIBLING, f"stopped: {message}"))
    return first._replace(complete=not sorter.is_active())


def _place(task: Task, stage: Stage, belongings: Belongings) -> Place:
    """Return where the steps' containers stand, with the networks made that they need."""
    isolated = stage.allowed.isolated
    network = needs_network(task, isolated=isolated)
    place = place_of(task, stage.mark, stage.allowed, stage.limits, network=network)
    if isolated:
        _check_networks(task)
    if not any(_goes_on_network(step) for step in task.steps):
        return place
    for one in declared_networks(task):
        if not one.skip_creation:
            belongings.network(place.networks[one.name], one.driver, ipv6=one.ipv6)
    if network:
        belongings.network(default_network(stage.run), "bridge")
    return place


def _goes_on_network(step: TaskStep) -> bool:
    """Say whether a step may be on a network of the task."""
    work = step.work
    return isinstance(work, RunLine) or (isinstance(work, BuildLine) and bool(work.network))


def _check_networks(task: Task) -> None:
    """Refuse networks that a stranger's run may not have: others', special ones, and too many."""
    declared = declared_networks(task)
    for one in declared:
        if one.skip_creation:
            what = f"this run may not use the network {one.name}, which is not its own"
            raise DriverError(ErrorKind.DENIED, what)
        if one.driver not in ("", "bridge"):
            what = f"this run may not have a network of the driver {one.driver}"
            raise DriverError(ErrorKind.DENIED, what)
    if len(declared) > MOST_NETWORKS:
        what = f"this run may not have more than {MOST_NETWORKS} networks"
        raise DriverError(ErrorKind.DENIED, what)
