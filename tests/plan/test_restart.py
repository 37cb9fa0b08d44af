"""A restart goes from replica to replica, and says where nobody answers meanwhile."""

from __future__ import annotations

import pytest
from support.model_world import ModelWorld
from support.planning import Wish, carry_out, converge, plan_of, question_of, wish_of

from gitops.model.address import Address
from gitops.model.plan import Plan
from gitops.plan.deploys.restart import plan_restart
from gitops.plan.deploys.wishes import RefusedError
from gitops.plan.describe import verb

SHOP = Address("WebApp", "shop")
ONE = ["stop-container", "start-container", "wait-healthy"]
ROUTED = ["switch-routes", "drain", *ONE, "switch-routes"]


def begun(replicas: int, image: str = "shop", more: str = "") -> tuple[Wish, ModelWorld]:
    """Return a wish, and the world in which it was brought about."""
    wish = wish_of(
        "kind: WebApp\nmetadata: {name: shop}\nspec:\n"
        f"  image: {{name: example.com/{image}, tag: '1'}}\n  replicas: {replicas}\n{more}",
        {},
    )
    world = ModelWorld(("local",))
    converge(wish, world)
    return wish, world


def restart(wish: Wish, world: ModelWorld) -> Plan:
    """Return the plan of a restart."""
    return plan_restart(question_of(wish, world), SHOP, "anna restarts it")


def verbs(plan: Plan) -> list[str]:
    """Return the actions of a plan, each as its word."""
    return [verb(step.action) for step in plan.steps]


def test_each_replica_after_the_other() -> None:
    """A replica loses its requests, restarts, proves itself and has them back before the next."""
    wish, world = begun(2)
    plan = restart(wish, world)
    assert verbs(plan) == ROUTED * 2
    assert plan.warnings == ()
    assert [step.after for step in plan.steps] == [(), *((n,) for n in range(1, 12))]
    before = dict(world.engines["local"].containers)
    carry_out(plan, world)
    assert world.engines["local"].containers.keys() == before.keys()
    assert plan_of(wish, world).steps == ()


def test_the_last_one_is_named() -> None:
    """A single replica restarts where it is, and the plan says that nobody answers meanwhile."""
    wish, world = begun(1)
    plan = restart(wish, world)
    assert verbs(plan) == ONE
    assert "requests are not answered until it is healthy again" in plan.warnings[0]
    assert "the only replica that serves" in plan.steps[0].because


def test_worker_has_no_route() -> None:
    """A worker restarts without any word to the gateway."""
    wish, world = begun(2, image="worker")
    plan = restart(wish, world)
    assert verbs(plan) == ONE * 2
    assert plan.warnings == ()


def test_sidecars_restart_with_their_replica() -> None:
    """A replica's sidecars stop after it and start before it."""
    more = "  sidecars:\n  - {name: helper, image: {name: example.com/worker, tag: '1'}}\n"
    wish, world = begun(1, more=more)
    plan = restart(wish, world)
    names = [getattr(step.action, "container", "")[-6:] for step in plan.steps]
    stops, starts = ["stop-container"] * 2, ["start-container"] * 2
    assert verbs(plan) == [*stops, *starts, "wait-healthy"]
    assert [name == "helper" for name in names[:4]] == [False, True, True, False]
    carry_out(plan, world)
    assert plan_of(wish, world).steps == ()


def test_nothing_runs() -> None:
    """Where no container runs there is nothing to restart."""
    wish, _ = begun(1)
    with pytest.raises(RefusedError, match="no container of WebApp/shop runs"):
        restart(wish, ModelWorld(("local",)))
