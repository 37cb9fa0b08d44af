"""Obligation: a kill at any step is mended by the next run, and nobody notices."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from itertools import cycle

import pytest
from support.end_state import End, end_of, wipe
from support.load import Load, Shape
from support.scenario import ROOT, Answer, World

pytestmark = pytest.mark.scenario

KILLER = ROOT / "tests/support/kill_at.py"
LIGHT = Shape(busy=2, rate=40.0, slow=0, single=1, single_rate=20.0)
IDLE = Shape(busy=2, rate=40.0, slow=6, pauses=((3.0, 4.5),), single=1, single_rate=20.0)


def steps_of(world: World) -> list[str]:
    """Return what the plan says now, step by step."""
    plan = json.loads(world.gitops("plan", "-o", "json").out)
    return [step["summary"] for step in plan["steps"]]


def kill(world: World, moment: str, step: str) -> None:
    """Reconcile, and be killed before or after a step."""
    arguments = ["reconcile", "-f", str(world.specs), "--project", world.project]
    done = subprocess.run(
        [sys.executable, str(KILLER), moment, step, *arguments],
        cwd=world.folder,
        env=world.environ,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    told = f"{moment} {step!r}: {done.returncode}\n{done.stdout}{done.stderr}"
    assert done.returncode == -signal.SIGKILL, told


def version(world: World, number: int) -> str:
    """Commit a version; return its commit."""
    return world.page(f"version {number}")


def straight_redeploy(world: World) -> tuple[End, int]:
    """Deploy and redeploy without a kill; return what is there then, and the number of steps."""
    version(world, 0)
    world.gitops("reconcile")
    version(world, 1)
    steps = steps_of(world)
    world.gitops("reconcile")
    return end_of(world)._replace(answer=Answer(200, "")), len(steps)


def killed_redeploy(world: World, number: int, moment: str, step: int) -> End:
    """Redeploy to a new version, killed at a step, and once more; return what is there then."""
    commit = version(world, number)
    kill(world, moment, steps_of(world)[step])
    world.gitops("reconcile")
    assert world.container("WebApp", "hello")["Labels"]["gitops.revision"] == commit
    end = end_of(world)
    assert end.answer == (200, f"version {number}\n")
    return end._replace(answer=Answer(200, ""))


@pytest.mark.parametrize("first", ["before", "after"])
def test_first_deployment(world: World, first: str) -> None:
    """The first deployment, killed at each step, ends as it does without a kill."""
    world.hello()
    steps = steps_of(world)
    world.gitops("reconcile")
    straight = end_of(world)
    # Each step is killed at in both tests: before it in the one, after it in the other.
    moments = cycle(("before", "after") if first == "before" else ("after", "before"))
    for moment, step in zip(moments, steps, strict=False):
        wipe(world)
        kill(world, moment, step)
        world.gitops("reconcile")
        assert end_of(world) == straight, f"killed {moment} {step!r}"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_redeployment(world: World, moment: str) -> None:
    """A redeployment, killed at each step, ends as without a kill; no request fails meanwhile."""
    world.hello()
    straight, steps = straight_redeploy(world)
    assert steps >= 10
    with Load(world.gateway_port, "hello.localhost", LIGHT) as load:
        for step in range(steps):
            end = killed_redeploy(world, step + 2, moment, step)
            assert end == straight, f"killed {moment} step {step}"
            assert load.failures == [], f"killed {moment} step {step}"
    assert load.failures == []
    assert list(load.bodies) == [f"version {number}" for number in range(1, steps + 2)]


def test_stop_first(world: World) -> None:
    """An app with a writable volume, killed at each step of a redeployment, ends as without."""
    world.hello(app={"volumes": [{"name": "data", "mount": "/data"}]})
    straight, steps = straight_redeploy(world)
    assert steps >= 10
    for step, moment in zip(range(steps), cycle(("before", "after")), strict=False):
        end = killed_redeploy(world, step + 2, moment, step)
        assert end == straight, f"killed {moment} step {step}"


@pytest.mark.parametrize("action", ["drain", "stop"])
def test_kill_while_the_old_one_drains(world: World, action: str) -> None:
    """After a kill in the drain, the next run waits as well for who may still reach the old one."""
    world.hello()
    version(world, 0)
    world.gitops("reconcile")
    with Load(world.gateway_port, "hello.localhost", IDLE) as load:
        version(world, 1)
        step = next(step for step in steps_of(world) if step.startswith(action))
        kill(world, "before", step)
        world.gitops("reconcile")
    assert load.failures == []
    assert list(load.bodies) == ["version 0", "version 1"]
