"""The number of replicas that autoscaling chose, and the reason that people see."""

from __future__ import annotations

from support.model_world import ModelWorld
from support.planning import NOTHING, Wish, converge, plan_of, question_of, wish_of

from gitops.engine.decide import Decision
from gitops.engine.reports.status import statuses
from gitops.model.address import Address
from gitops.model.notes import SCALE, Note
from gitops.plan.planner import make_plan

SHOP = Address("WebApp", "shop")
SPECS = """
kind: WebApp
metadata: {name: shop}
spec:
  image: {name: example.com/shop, tag: "1"}
  autoscale: {min: 1, max: 3, cpu: 60}
"""
REASON = "1 -> 2 replicas: CPU at 99 %, wanted 60 %"


def scaled(text: str) -> tuple[Wish, ModelWorld]:
    """Return a world in which an app runs with its least replicas, and then this was noted."""
    wish, world = wish_of(SPECS, {}), ModelWorld(("local",))
    converge(wish, world)
    world.engines["local"].notes[SCALE, "shop"] = Note(SCALE, "shop", 1, text)
    return wish, world


def message(wish: Wish, world: ModelWorld) -> str:
    """Return what status says of the app."""
    question = question_of(wish, world, NOTHING)
    plan = make_plan(question)
    decision = Decision(wish.bundle, wish.inputs, question.wanted, question.observed, plan)
    (found,) = (status for status in statuses(decision) if status.address == SHOP)
    return found.conditions[-1].message


def test_plan_has_the_reason() -> None:
    """The plan that adds a replica says what was measured."""
    wish, world = scaled(f"2 {REASON}")
    causes = {step.because for step in plan_of(wish, world).steps}
    assert f"1 of 2 replicas are there; {REASON}" in causes


def test_status_has_the_reason() -> None:
    """Status says why there are so many, for as long as there are."""
    wish, world = scaled(f"2 {REASON}")
    assert REASON not in message(wish, scaled("")[1]), "nobody has scaled it there"
    converge(wish, world)
    assert message(wish, world).endswith(f"serve it; {REASON}")


def test_number_beyond_the_limits() -> None:
    """A number that the limits no longer allow is cut to them, and its reason is not shown."""
    wish, world = scaled("5 4 -> 5 replicas: CPU at 99 %, wanted 60 %")
    converge(wish, world)
    told = message(wish, world)
    assert told.endswith("serve it")
    assert told.count("shop-") == 3
