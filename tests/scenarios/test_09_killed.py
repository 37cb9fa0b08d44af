"""Obligation: a kill at any step is mended by the next run, and nobody notices."""

from __future__ import annotations

import json

import pytest
from support.end_state import End, end_of, histories, wipe
from support.killing import kill
from support.load import Load, Shape
from support.scenario import Answer, World

pytestmark = pytest.mark.scenario

LIGHT = Shape(busy=2, rate=40.0, slow=0, single=1, single_rate=20.0)
IDLE = Shape(busy=2, rate=40.0, slow=6, pauses=((3.0, 4.5),), single=1, single_rate=20.0)
LONGEST = 1000.0
MOMENTS = ("before", "after")
PARTS = 4


def plan_of(world: World) -> list[str]:
    """Return the steps of the plan as it is now, in words."""
    plan = json.loads(world.gitops("plan", "-o", "json").out)
    return [step["summary"] for step in plan["steps"]]


def expected(straight: End, moment: str, step: int, steps: int) -> End:
    """Return what is there after the run that follows a kill.

    After the last step nothing is left to do, so nothing is written: the lease of the dead process
    stays for whoever needs it next, and takes it over at once.
    """
    left = moment == "after" and step == steps
    return straight._replace(leases=["gitops-lease-PROJECT"] if left else [])


def redeploy(world: World) -> tuple[End, int]:
    """Deploy and redeploy without a kill; return what is there then, and the number of steps."""
    world.page("version 0")
    world.gitops("reconcile")
    world.page("version 1")
    steps = len(plan_of(world))
    assert steps >= 10
    world.gitops("reconcile")
    assert len(histories(world)) == 1
    return end_of(world)._replace(answer=Answer(200, "")), steps


def killed_redeploy(world: World, number: int, moment: str, step: int) -> End:
    """Redeploy to a new version, killed at a step, and once more; return what is there then."""
    commit = world.page(f"version {number}")
    kill(world, ("reconcile",), moment, step)
    world.gitops("reconcile")
    assert world.container("WebApp", "hello")["Labels"]["gitops.revision"] == commit
    end = end_of(world)
    assert end.answer == (200, f"version {number}\n")
    return end._replace(answer=Answer(200, ""))


@pytest.mark.timeout(LONGEST)
@pytest.mark.parametrize("part", range(PARTS))
def test_first_deployment(world: World, part: int) -> None:
    """The first deployment, killed at each step, ends as it does without a kill."""
    world.hello()
    names = plan_of(world)
    assert len(names) >= 15
    world.gitops("reconcile")
    straight = end_of(world)
    for step in range(1 + part, len(names) + 1, PARTS):
        # Before a step is after another one: every second of each is as good as all of them.
        moment = MOMENTS[(step + part // 2) % 2]
        wipe(world)
        kill(world, ("reconcile",), moment, step)
        world.gitops("reconcile")
        wanted = expected(straight, moment, step, len(names))
        assert end_of(world) == wanted, f"killed {moment} {names[step - 1]!r}"


@pytest.mark.timeout(LONGEST)
def test_redeployment(world: World) -> None:
    """A redeployment, killed at each step, ends as without a kill; no request fails meanwhile."""
    world.hello()
    straight, steps = redeploy(world)
    # Before a step is after the one before it, but for what is remembered of that one: a kill after
    # each of them is the harder case. The easier one has its turn at each step of test_stop_first.
    kills = [("before", 1), *(("after", step) for step in range(1, steps + 1))]
    with Load(world.gateway_port, "hello.localhost", LIGHT, LONGEST) as load:
        for number, (moment, step) in enumerate(kills, 2):
            end = killed_redeploy(world, number, moment, step)
            assert load.failures == [], f"killed {moment} step {step}"
            assert end == expected(straight, moment, step, steps), f"killed {moment} step {step}"
        world.page("last")
        world.gitops("reconcile")
    assert load.failures == []
    assert list(load.bodies) == [*(f"version {number}" for number in range(1, steps + 3)), "last"]
    assert len(histories(world)) == 1, "what a kill may leave of an older one went with the next"


@pytest.mark.timeout(LONGEST)
def test_stop_first(world: World) -> None:
    """An app with a writable volume, killed at each step of a redeployment, ends as without."""
    world.hello(app={"volumes": [{"name": "data", "mount": "/data"}]})
    straight, steps = redeploy(world)
    for step in range(1, steps + 1):
        end = killed_redeploy(world, step + 1, "before", step)
        assert end == expected(straight, "before", step, steps), f"killed before step {step}"


@pytest.mark.parametrize("action", ["drain", "stop"])
def test_kill_while_the_old_one_drains(world: World, action: str) -> None:
    """After a kill in the drain, the next run waits as well for who may still reach the old one."""
    world.hello()
    world.page("version 0")
    world.gitops("reconcile")
    with Load(world.gateway_port, "hello.localhost", IDLE) as load:
        world.page("version 1")
        steps = [text.split()[0] for text in plan_of(world)]
        kill(world, ("reconcile",), "before", 1 + steps.index(action))
        world.gitops("reconcile")
    assert load.failures == []
    assert list(load.bodies) == ["version 0", "version 1"]
