"""The plan as versioned data: what `plan -o json` prints and `reconcile --plan` compares."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from support.model_world import ModelWorld
from support.plan_strategies import Specs, specs
from support.planning import converge, plan_of, wish_of

from gitops.model import actions
from gitops.model.address import Address
from gitops.model.plan import Plan
from gitops.model.secret import Secret
from gitops.plan.describe import describe, verb
from gitops.plan.document import FORMAT, as_document, as_json, plain

SPECS = """
kind: WebApp
metadata: {name: shop}
spec:
  image: {name: nginx}
  env: {LEVEL: info, PASSWORD: {env: PW}}
"""


def secret_plan(value: str = "hunter2") -> Plan:
    """Return a plan that creates a container with a secret in its environment."""
    return plan_of(wish_of(SPECS, {}, {"PW": value}), ModelWorld())


def test_the_document_says_its_format_and_all_that_the_plan_says() -> None:
    """Steps have number, address, action, cause, edges, undoing and arguments."""
    document = json.loads(as_json(as_document(secret_plan())))
    assert document["format"] == FORMAT == "gitops.plan/v1"
    assert document["project"] == "demo"
    assert document["converged"] is False
    assert set(document) == {
        *("format", "project", "steps", "inSync", "blocked", "suspended", "warnings"),
        *("refused", "converged"),
    }
    create = next(
        step
        for step in document["steps"]
        if step["action"] == "create-container" and step["address"] == "WebApp/shop"
    )
    assert create["because"] == "the app has no container"
    assert create["after"] == [create["number"] - 1]
    assert create["arguments"]["target"] == "local"
    assert create["arguments"]["container"]["image"] == "nginx:latest"
    start = document["steps"][create["number"]]
    assert start["otherwise"] == [f"remove container {create['arguments']['container']['name']}"]


def test_the_document_holds_references_to_secrets_and_no_values() -> None:
    """A variable from a secret shows where it comes from, and never what it is."""
    text = as_json(as_document(secret_plan()))
    assert "hunter2" not in text
    assert ["PASSWORD", {"env": "PW"}] in _env(json.loads(text))


def test_another_secret_value_shows_as_another_configuration() -> None:
    """A plan that was agreed to is another one when a secret has changed since."""
    assert as_json(as_document(secret_plan("a"))) != as_json(as_document(secret_plan("b")))


def _env(document: dict[str, list[dict[str, dict[str, dict[str, list[object]]]]]]) -> list[object]:
    return next(
        step["arguments"]["container"]["env"]
        for step in document["steps"]
        if str(step["action"]) == "create-container" and str(step["address"]) == "WebApp/shop"
    )


@settings(max_examples=25, deadline=None)
@given(before=specs(), wanted=specs())
def test_equal_plans_have_equal_texts(before: Specs, wanted: Specs) -> None:
    """The text of a plan is stable, and can be read back without loss."""
    world = ModelWorld()
    converge(before.wish(), world)
    document = as_document(plan_of(wanted.wish(), world))
    assert as_json(document) == as_json(as_document(plan_of(wanted.wish(), world)))
    assert json.loads(as_json(document)) == document


def test_a_secret_value_has_no_form_in_a_document() -> None:
    """A value that got where only references belong is an error, not a leak."""
    with pytest.raises(TypeError, match="Secret has no form in a plan document") as caught:
        plain({"password": Secret("hunter2")})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "action",
    [
        actions.CreateNetwork("local", "net", Address("Target", "local")),
        actions.RemoveNetwork("local", "net"),
        actions.CreateVolume("local", "vol"),
        actions.RemoveVolume("local", "vol"),
        actions.StartContainer("local", "box"),
        actions.StopContainer("local", "box", 5.0),
        actions.RemoveContainer("local", "box"),
        actions.RemoveRoute("local", "shop"),
        actions.Drain("local", "shop", 5.0),
        actions.WaitService("local", "box", Address("Registry", "local"), 60.0),
        actions.RestoreGateway("local", "box", ()),
    ],
)
def test_every_action_reads_as_a_sentence(action: actions.Action) -> None:
    """The words begin with what is done, and name what it is done to."""
    words = describe(action)
    assert words.split()[0] in ("create", "remove", "start", "stop", "drain", "wait", "write")
    assert any(str(part) in words for part in action[1:])
    assert verb(action) == verb(action).lower()
