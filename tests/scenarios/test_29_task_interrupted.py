"""Obligation: whatever ends a run early, nothing of it is left, and its record tells the truth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from support.eventual import eventually
from support.interrupting_tasks import (
    Interrupted,
    processes_of,
    processes_with,
    registry_that_hangs,
)
from support.own_engine import OwnEngine, why_not
from support.quick import Quick, run_of

pytestmark = pytest.mark.scenario

KINDS = ("push", "build", "cmd", "detach", "old build")
"""The last one is a build without BuildKit, in a container as any other."""
SECONDS = 4
"""A limit in which every kind of step gets to its middle."""
STEADY = 15
"""Looks that have to see a step at work before it counts as being in its middle."""


@pytest.fixture(params=KINDS)
def work(request: pytest.FixtureRequest, quick: Quick) -> Iterator[Interrupted]:
    """Give a task of each kind that nobody has begun yet."""
    made = Interrupted(quick, request.param)
    with ExitStack() as stack:
        if made.kind == "push":
            stack.enter_context(registry_that_hangs(made))
        yield made


def test_cancel_from_another_process(work: Interrupted) -> None:
    """`gitops cancel` ends the work at once; the run is Canceled, and nothing is left."""
    run = begun(work)
    told = work.quick.gitops("cancel", run)
    assert told.code == 0
    assert "Canceled: canceled by" in told.out
    assert work.quick.world.started[-1].wait() == 1
    check_nothing_left(work, run)
    check(work, run, "Canceled", "canceled by ")


def test_timeout_of_the_run(work: Interrupted) -> None:
    """A run that takes too long is Timeout, and names the limit and the step at work."""
    run = begun(work, "--timeout", str(SECONDS))
    assert work.quick.world.started[-1].wait() == 1
    check_nothing_left(work, run)
    why = f"the run did not end in {SECONDS} s (its timeout)"
    record = check(work, run, "Timeout", f"{why}; at work: step work", step=why)
    assert SECONDS <= record["duration"] < SECONDS + 5


def test_timeout_of_the_step(work: Interrupted) -> None:
    """A run whose step takes too long is Failed, and names the step and its limit."""
    run = begun(work, limit=f"timeout: {SECONDS},")
    assert work.quick.world.started[-1].wait() == 1
    check_nothing_left(work, run)
    check(work, run, "Failed", f"step work did not end in {SECONDS} s (its timeout)")


def test_kill_9(work: Interrupted) -> None:
    """After `kill -9` the next run takes away what was left, and the dead run's record ends."""
    run = begun(work)
    work.quick.world.started[-1].kill9()
    assert work.quick.record(run)["status"] == "Error"
    after = work.quick.run("--cmd", "busybox true")
    check_nothing_left(work, run)
    check(work, run, "Error", "the process ended without a word")
    assert "Succeeded" in after.err


def test_an_image_without_a_name_goes_as_well(quick: Quick) -> None:
    """What a build made without a name is there for the run, and goes with it or after it."""
    work = Interrupted(quick, "built")
    run = begun(work)
    assert images_of(quick, run) == [f"gitops-run/{run}:first"]
    quick.world.started[-1].interrupt()
    assert quick.world.started[-1].wait() == 130
    check_nothing_left(work, run)
    again = Interrupted(quick, "built", "again")
    run = begun(again)
    quick.world.started[-1].kill9()
    quick.run("--cmd", "busybox true")
    check_nothing_left(again, run)


@pytest.fixture
def own() -> Iterator[OwnEngine]:
    """Give an engine that may be stopped."""
    missing = why_not()
    if missing:
        pytest.skip(missing)
    made = OwnEngine("300m")
    try:
        made.load()
        yield made
    finally:
        made.close()


@pytest.mark.xdist_group("own-engine")
def test_engine_restart(own: OwnEngine, tmp_path: Path) -> None:
    """Runs whose engine goes away are Error; when it is back, the next run leaves nothing."""
    world = own.world(tmp_path)
    world.environ["GITOPS_BUILDS"] = str(len(KINDS))
    quick = Quick(world)
    works = [Interrupted(quick, kind) for kind in KINDS]
    with registry_that_hangs(works[0], own.within):
        runs = [begun(work, wait=False) for work in works]
        for work in works:
            eventually(work.at_work, 30, f"{work.kind} is at work")
        own.stop()
        for running in world.started:
            assert running.wait(30) == 1, running.text
        records = [check(work, run, "Error", "") for work, run in zip(works, runs, strict=True)]
        for record in records:
            assert "step work" in record["message"], record
        own.start()
    eventually(lambda: quick.gitops("run", "--cmd", "busybox true").code == 0)
    for work, run in zip(works, runs, strict=True):
        check_nothing_left(work, run)


def begun(work: Interrupted, *arguments: str, limit: str = "", wait: bool = True) -> str:
    """Begin a run, and return its id when it is in the middle of its step."""
    work.write(limit)
    running = work.quick.start(*work.arguments, *arguments)
    run = run_of(running)
    if wait:
        seen = count(1)

        def steady() -> bool:
            # A container that is about to begin has processes that are gone in a moment.
            return not running.alive() or (work.at_work() and next(seen) > STEADY)

        eventually(steady, 30, f"{work.kind} is at work")
        eventually(lambda: work.at_work() or not running.alive(), 30, f"{work.kind} is at work")
        assert running.alive(), running.text
    return run


def check_nothing_left(work: Interrupted, run: str) -> None:
    """Look for everything that can be left of a run."""
    quick = work.quick
    assert quick.left() == []
    assert processes_of(run) == []
    engine = quick.world.engine

    def running() -> list[str]:
        commands = [str(one["Command"]) for one in engine.containers(all=True)]
        return [one for one in (*commands, *processes_with(work.mark)) if work.mark in one]

    # The engine ends what runs in a build when it hears that nobody waits for it.
    eventually(lambda: not running(), 5, "nothing of a build runs")
    assert images_of(quick, run) == []


def images_of(quick: Quick, run: str) -> list[str]:
    """Return the names of images with a run's id in them."""
    names = [tag for one in quick.world.engine.images() for tag in one["RepoTags"] or ()]
    return [name for name in names if run in name]


def check(work: Interrupted, run: str, status: str, message: str, step: str = "") -> dict[str, Any]:
    """Compare the record of a run, and of its steps, with what happened."""
    record = work.quick.record(run)
    assert record["status"] == status, record
    assert message in record["message"], record
    steps = {one["id"]: one for one in record["steps"]}
    assert steps["last"]["status"] == "skipped"
    assert not steps["last"]["started"]
    at_work = steps["work"]
    assert at_work["status"] == "failed", record
    assert (step or message) in at_work["message"], record
    assert at_work["exitCode"] is None, record
    if work.kind == "detach":
        assert steps["web"]["status"] == "successful"
    times = [record["created"], record["started"], at_work["started"]]
    times += [at_work["ended"], record["ended"]]
    moments = [datetime.fromisoformat(one) for one in times]
    assert moments == sorted(moments), times
    return record
