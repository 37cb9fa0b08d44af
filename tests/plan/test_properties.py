"""What holds for every plan, whatever is wanted and whatever has happened to the world."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from support.model_world import ModelWorld
from support.plan_strategies import NAMES, Specs, drifts, happen, orders, specs
from support.planning import Broke, Play, carry_out, converge, plan_of

from gitops.model import actions as act
from gitops.model.observed import LABEL_CONFIG, LABEL_PORT, LABEL_PROJECT
from gitops.model.plan import Plan, Step
from gitops.plan.text import as_text

Choose = Callable[[list[Step]], Step]
fast = settings(max_examples=60, deadline=None)


def routed(world: ModelWorld) -> set[str]:
    """Return the apps whose users are answered: routed to a container that runs."""
    engine = world.engines["local"]
    return {
        app
        for app, route in engine.routes().items()
        if route.container in engine.containers and engine.containers[route.container].running
    }


def working(world: ModelWorld) -> set[str]:
    """Return the apps without a port that run."""
    return {
        one.labels["gitops.name"]
        for one in world.engines["local"].containers.values()
        if one.running and one.labels.get(LABEL_PORT) == "none"
    }


class Watch:
    """Sees after each step that nobody who was answered is left without an answer.

    An app that is switched to, or that a gateway is started for, counts from then on. A worker
    counts only if it ran from the beginning: one that just started has not proved itself.
    """

    def __init__(self, world: ModelWorld, wanted: Specs) -> None:
        self._world = world
        self._kept = {app.name for app in wanted.apps if not app.stops_first}
        self._answered = routed(world) & self._kept
        self._working = working(world) & self._kept

    def __call__(self, step: Step) -> None:
        """Look at the world after a step."""
        now = routed(self._world) & self._kept
        assert self._answered <= now, f"{self._answered - now} lost by {step}"
        assert self._working <= working(self._world), f"a worker was lost by {step}"
        if step.address.kind == "Target":
            self._answered |= now
        elif isinstance(step.action, act.SwitchRoutes):
            self._answered |= now & {step.address.name}


def end_state(world: ModelWorld) -> object:
    """Return what a reconciliation ends in, without what depends on the way there."""
    engine = world.engines["local"]
    mine = [one for one in engine.containers.values() if one.labels.get(LABEL_PROJECT) == "demo"]
    leads = {
        (route.app, route.hosts, route.port, engine.containers[route.container].config)
        for route in engine.routes().values()
    }
    owners = sorted((str(one.owner), one.labels[LABEL_CONFIG], one.state) for one in mine)
    latest = world.tags.get("localhost:5000/built:latest")
    return owners, leads, latest, set(engine.networks)


def straight(wanted: Specs) -> object:
    """Return what a world ends in that never knew anything else."""
    world = ModelWorld()
    plan, _ = converge(wanted.wish(), world)
    assert plan.converged
    return end_state(world)


def after(before: Specs, drift: list[tuple[str, int]]) -> ModelWorld:
    """Return a world that was reconciled once, and to which things happened since."""
    world = ModelWorld()
    converge(before.wish(), world)
    happen(world, drift)
    return world


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


@fast
@given(before=specs(), wanted=specs(), apps=st.sets(st.sampled_from(NAMES)))
def test_a_bad_version_costs_nobody_an_answer(before: Specs, wanted: Specs, apps: set[str]) -> None:
    """Apps that never become healthy keep their old container serving, and are not tried again."""
    world = after(before, [])
    broke = Broke(frozenset(apps))
    answered = routed(world) | working(world)
    plan, history = converge(wanted.wish(), world, play=Play(None, broke, Watch(world, wanted)))
    assert answered & {app.name for app in wanted.apps} <= routed(world) | working(world)
    assert not plan_of(wanted.wish(), world, history).steps
    assert {address.name for address in history.quarantined} <= apps
    assert set(plan.blocked) >= set(history.quarantined)


def named(step: Step) -> set[str]:
    """Return the containers that a step, or its undoing, would start, stop, route to or remove."""
    found = set()
    for action in (step.action, *step.otherwise):
        match action:
            case act.StartContainer() | act.StopContainer() | act.RemoveContainer():
                found.add(action.container)
            case act.WaitHealthy() | act.WaitService() | act.RestoreGateway():
                found.add(action.container)
            case act.SwitchRoutes():
                found.add(action.route.container)
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
    if isinstance(action, act.SwitchRoutes):
        return action.route.container
    return str(getattr(action, "container", ""))


FIRST = (
    (act.CreateContainer, act.StartContainer),
    (act.StartContainer, act.WaitHealthy),
    (act.StartContainer, act.WaitService),
    (act.WaitHealthy, act.SwitchRoutes),
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
            here = [
                type(one.action) for one in before_it if container_of(one) == container_of(step)
            ]
            assert act.StartContainer not in here or act.WaitHealthy in here, step
        for other in plan.steps:
            same = container_of(other) == container_of(step) != ""
            pair = (type(other.action), type(step.action))
            if same and pair in FIRST and step.address == other.address:
                assert other.number in needed, (other, step)
            if isinstance(step.action, act.RemoveContainer) and step.address == other.address:
                assert not isinstance(other.action, act.SwitchRoutes) or other.number in needed


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
    apps = [step for step in plan.steps if step.address.kind in ("WebApp", "Target")]
    allowed = () if what == "engine" else (act.StartContainer, act.WaitHealthy)
    assert all(isinstance(step.action, allowed) for step in apps), as_text(plan)
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
        names = {app.name for app in wanted.apps}
        assert not any(
            isinstance(step.action, act.Build | act.Push | act.Tag) for step in plan.steps
        )
        assert {step.address.name for step in plan.steps if step.address.kind == "WebApp"} <= names
