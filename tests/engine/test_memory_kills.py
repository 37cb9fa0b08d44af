"""What is remembered of containers that were killed for their memory."""

from __future__ import annotations

from support.model_world import ModelWorld
from support.planning import NOTHING, converge, question_of, wish_of

from gitops.drivers.base import EngineEvent
from gitops.engine.decide import Decision
from gitops.engine.deploys.memory_kills import REASON, told
from gitops.model.address import Address
from gitops.model.observed import LABEL_SIDECAR
from gitops.model.records import EventType, NewEvent
from gitops.plan.planner import make_plan

SPECS = """
kind: WebApp
metadata: {name: shop}
spec:
  image: {name: example.com/shop, tag: "1"}
  resources: {memory: 32Mi}
  sidecars:
    - name: helper
      image: {name: example.com/helper, tag: "1"}
      resources: {memory: 16Mi}
"""
SHOP = Address("WebApp", "shop")


def decision() -> Decision:
    """Return the decision about an app that runs with a sidecar."""
    wish, model = wish_of(SPECS, {}), ModelWorld(("local",))
    converge(wish, model)
    question = question_of(wish, model, NOTHING)
    return Decision(
        wish.bundle, wish.inputs, question.wanted, question.observed, make_plan(question)
    )


def name_of(found: Decision, sidecar: str | None) -> str:
    """Return the name of the app's container, or of its sidecar's."""
    engine = found.observed.engines["local"]
    containers = engine.value.containers  # type: ignore[union-attr] # it is found
    return next(
        one.name
        for one in containers
        if one.owner == SHOP and one.labels.get(LABEL_SIDECAR) == sidecar
    )


def remembered(name: str) -> list[NewEvent]:
    """Return what is remembered when this container is killed."""
    return list(told(decision(), [EngineEvent(name, "oom", 1234.0)]))


def test_limit_is_named() -> None:
    """A kill is a warning that names the container and its own limit."""
    found = decision()
    for sidecar, limit in ((None, "32Mi"), ("helper", "16Mi")):
        name = name_of(found, sidecar)
        cause = f"it ran out of memory: it took more than its limit of {limit}, and was killed"
        expected = NewEvent("demo", SHOP, EventType.WARNING, REASON, f"{name}: {cause}", 1234.0)
        assert remembered(name) == [expected]


def test_container_that_is_gone() -> None:
    """Nothing is remembered of a container that nobody knows."""
    assert remembered("demo-shop-old") == []
