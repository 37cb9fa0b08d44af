"""What holds for every plan, whatever is wanted and whatever has happened to the world."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection

from hypothesis import given, settings
from hypothesis import strategies as st
from support.asking import ask
from support.model_world import ModelWorld
from support.plan_strategies import NAMES, App, Specs, apps, drifts, happen, orders, specs
from support.planning import NOTHING, Play, carry_out, converge, plan_of
from support.watching_plans import Watch, after, end_state, serving, straight

from gitops.model import actions as act
from gitops.model.address import Address
from gitops.model.notes import HISTORY
from gitops.model.observed import (
    LABEL_NAME,
    LABEL_PROJECT,
    LABEL_SIDECAR,
)
from gitops.model.plan import Plan, Step
from gitops.plan.deploys.revisions import revisions
from gitops.plan.text import as_text

Choose = Callable[[list[Step]], Step]
# The same examples in each run, so that it tells of the change and not of luck; EXAMPLES=1000 looks
# for new ones.
EXAMPLES = int(os.environ.get("EXAMPLES", "0"))
fast = settings(max_examples=EXAMPLES or 80, deadline=None, derandomize=not EXAMPLES)


@fast
@given(before=specs(), drift=drifts(), wanted=specs())
def test_the_same_question_has_the_same_plan(
    before: Specs, drift: list[tuple[str, int]], wanted: Specs
) -> None:
    """Planning twice gives the same text."""
    world = after(before, drift)
    assert as_text(plan_of(wanted.wish(), world)) == as_text(plan_of(wanted.wish(), world))


@fast
@given(before=specs(), drift=drifts(), wanted=specs(), choose=orders())
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(
    before: Specs, drift: list[tuple[str, int]], wanted: Specs, choose: Choose
) -> None:
    """Whatever was there, and in whatever order the steps are done, the end is as from nothing."""
    world = after(before, drift)
    play = Play(look=Watch(world, wanted), choose=choose)
    plan, _ = converge(wanted.wish(), world, play=play)
    assert plan.converged, as_text(plan)
    assert end_state(world) == straight(wanted)


@fast
@given(before=specs(), between=specs(), wanted=specs(), drift=drifts(), data=st.data())
def test_a_run_that_was_killed_anywhere_is_taken_up(
    before: Specs, between: Specs, wanted: Specs, drift: list[tuple[str, int]], data: st.DataObject
) -> None:
    """After a kill at any step, drift and a new wish the end is that of a straight run."""
    world = after(before, [])
    choose = data.draw(orders())
    plan = plan_of(between.wish(), world)
    limit = data.draw(st.integers(0, len(plan.steps)))
    carry_out(plan, world, Play(limit, look=Watch(world, between), choose=choose))
    happen(world, drift)
    converge(wanted.wish(), world, play=Play(look=Watch(world, wanted), choose=choose))
    assert end_state(world) == straight(wanted)


def configs(world: ModelWorld, names: Collection[str]) -> set[str]:
    """Return the configurations of the apps with these names."""
    return {
        one.config
        for one in world.engines["local"].containers.values()
        if one.labels.get(LABEL_PROJECT) == "demo" and one.labels[LABEL_NAME] in names
        if LABEL_SIDECAR not in one.labels
    }


@fast
@given(before=specs(), wanted=specs(), names=st.sets(st.sampled_from(NAMES)), choose=orders())
def test_a_bad_version_costs_nobody_an_answer(
    before: Specs, wanted: Specs, names: set[str], choose: Choose
) -> None:
    """A version that never becomes healthy does not run again, and the last good one serves."""
    world = after(before, [])
    good = configs(world, NAMES)
    bad = configs(after(wanted, []), names) - good
    world.unwell |= bad
    play = Play(look=Watch(world, wanted), choose=choose)
    plan, history = converge(wanted.wish(), world, play=play)
    quarantined = {hash_ for found in history.quarantined.values() for hash_ in found}
    free = {app.name for app in wanted.apps if not app.needs}
    assert bad & configs(after(wanted, []), free) <= quarantined, as_text(plan)
    assert quarantined <= bad, as_text(plan)
    assert set(plan.blocked) >= set(history.quarantined)
    assert not configs(world, NAMES) & bad
    for name, found in serving(world).items():
        assert configs(world, {name}) <= good or Address("WebApp", name) not in history.quarantined
        app, replicas = next((app, app.places[name]) for app in wanted.apps if name in app.places)
        if Address("WebApp", name) in history.quarantined:
            assert len(found) == replicas, (app, found)


def routed_by(switch: act.SwitchRoutes) -> set[str]:
    """Return the containers that a switch leads to."""
    return {server.container for route in switch.routes for server in route.servers}


def named(step: Step) -> set[str]:
    """Return the containers that a step, or its undoing, would start, stop, route to or remove."""
    found = set()
    for action in (step.action, *step.otherwise):
        match action:
            case act.StartContainer() | act.StopContainer() | act.RemoveContainer():
                found.add(action.container)
            case act.WaitService() | act.RestoreGateway():
                found.add(action.container)
            case act.WaitHealthy():
                found.add(action.server.container)
            case act.SwitchRoutes():
                found |= routed_by(action)
            case act.CreateContainer():
                found.add(action.container.name)
            case _:
                pass
    return found


@fast
@given(before=specs(), drift=drifts(), wanted=specs(), number=st.integers(0, 3))
def test_what_is_not_ours_is_in_no_step(
    before: Specs, drift: list[tuple[str, int]], wanted: Specs, number: int
) -> None:
    """A container without our project's label is never touched, whatever its name."""
    world = after(before, [*drift, ("strangers", number)])
    engine = world.engines["local"]
    others = {
        name: one
        for name, one in engine.containers.items()
        if one.labels.get(LABEL_PROJECT) != "demo"
    }
    assert others

    def look(step: Step) -> None:
        assert not named(step) & set(others), step

    converge(wanted.wish(), world, play=Play(look=look))
    assert {name: engine.containers.get(name) for name in others} == others


def ancestors(plan: Plan, step: Step) -> set[int]:
    """Return the numbers of all steps that have to end well before this one."""
    found = set(step.after)
    for number in step.after:
        found |= ancestors(plan, plan.steps[number - 1])
    return found


def container_of(step: Step) -> str:
    """Return the container that a step is about, if it is about one."""
    action = step.action
    if isinstance(action, act.CreateContainer):
        return action.container.name
    if isinstance(action, act.WaitHealthy):
        return action.server.container
    return str(getattr(action, "container", ""))


FIRST = (
    (act.CreateContainer, act.StartContainer),
    (act.StartContainer, act.WaitHealthy),
    (act.StartContainer, act.WaitService),
    (act.StopContainer, act.RemoveContainer),
)
"""Of two steps about one container, which has to come first."""


@fast
@given(before=specs(), drift=drifts(), wanted=specs())
def test_no_step_comes_before_what_it_needs(
    before: Specs, drift: list[tuple[str, int]], wanted: Specs
) -> None:
    """Create, start, wait, switch, then stop and removal of the old: by edges, not by luck."""
    plan = plan_of(wanted.wish(), after(before, drift))
    for step in plan.steps:
        assert all(number < step.number for number in step.after)
        needed = ancestors(plan, step)
        before_it = [plan.steps[number - 1] for number in needed]
        if isinstance(step.action, act.SwitchRoutes):
            routed = routed_by(step.action)
            proved = {
                container_of(one) for one in before_it if isinstance(one.action, act.WaitHealthy)
            }
            fresh = {
                container_of(one)
                for one in plan.steps
                if isinstance(one.action, act.StartContainer)
            }
            assert fresh & routed <= proved, step
        for other in plan.steps:
            same = container_of(other) == container_of(step) != ""
            pair = (type(other.action), type(step.action))
            if same and pair in FIRST and step.address == other.address:
                assert other.number in needed, (other, step)


@fast
@given(before=specs(), drift=drifts(), wanted=specs(), what=st.sampled_from(["engine", "gateway"]))
def test_what_cannot_be_looked_at_is_left_alone(
    before: Specs, drift: list[tuple[str, int]], wanted: Specs, what: str
) -> None:
    """Out of sight nothing is created, replaced or removed: no step at all, or a start at most."""
    world = after(before, [one for one in drift if not one[0].startswith("gateway")])
    engine = world.engines["local"]
    if what == "engine":
        engine.unreachable = "connection refused"
    else:
        engine.gateway_unreachable = "connection refused"
    plan = plan_of(wanted.wish(), world)
    steps = [step for step in plan.steps if step.address.kind in ("WebApp", "Target")]
    allowed = () if what == "engine" else (act.StartContainer, act.WaitHealthy)
    again = {one.action.container for one in steps if isinstance(one.action, act.StartContainer)}
    for step in steps:
        # What lost the network that it shares begins anew.
        restart = isinstance(step.action, act.StopContainer) and step.action.container in again
        assert isinstance(step.action, allowed) or restart, as_text(plan)
    assert what == "gateway" or not plan.steps
    assert not plan.converged


@fast
@given(before=specs(), drift=drifts(), wanted=specs())
def test_a_registry_that_does_not_answer_costs_no_container(
    before: Specs, drift: list[tuple[str, int]], wanted: Specs
) -> None:
    """While a registry does not answer nothing is built, pushed or tagged, and nothing pruned."""
    world = after(before, drift)
    world.unreachable_registries["localhost:5000"] = "connection refused"
    plan = plan_of(wanted.wish(), world)
    if any("localhost:5000" in blocked.message for blocked in plan.blocked.values()):
        names = {name for app in wanted.apps for name in app.places}
        assert not any(
            isinstance(step.action, act.Build | act.Push | act.Tag) for step in plan.steps
        )
        assert {step.address.name for step in plan.steps if step.address.kind == "WebApp"} <= names


@fast
@given(first=apps("shop"), second=apps("shop"), wanted=apps("shop"), data=st.data())
def test_a_rollback_holds_until_the_spec_changes(
    first: App, second: App, wanted: App, data: st.DataObject
) -> None:
    """Killed or not, in any order, a rolled back app runs its revision as long as it may."""
    one, two, three = (
        Specs((app._replace(slot=None, needs=False),), "t1") for app in (first, second, wanted)
    )
    world = after(one, [])
    converge(two.wish(), world)
    note = world.engines["local"].notes.get((HISTORY, "shop"))
    kept = revisions(note)
    if len(kept) < 2 or not two.apps[0].size.replicas:
        return
    ask(two.wish(), world, NOTHING, {"rollback": "shop"})
    choose = data.draw(orders())
    plan = plan_of(two.wish(), world)
    limit = data.draw(st.integers(0, len(plan.steps)))
    carry_out(plan, world, Play(limit, look=Watch(world, two), choose=choose))
    happen(world, data.draw(drifts()))
    converge(two.wish(), world, play=Play(look=Watch(world, two), choose=choose))
    assert configs(world, {"shop"}) == {kept[1].config}
    converge(three.wish(), world, play=Play(look=Watch(world, three), choose=choose))
    same = (two.apps[0].image, two.apps[0].version) == (three.apps[0].image, three.apps[0].version)
    if not same:
        assert end_state(world) == straight(three)
    elif three.apps[0].size.replicas:
        assert configs(world, {"shop"}) == {kept[1].config}
