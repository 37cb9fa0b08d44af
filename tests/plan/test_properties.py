"""What holds for every plan, whatever is wanted and whatever has happened to the world."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping

from hypothesis import given, settings
from hypothesis import strategies as st
from support.asking import ask
from support.model_world import ModelWorld
from support.plan_strategies import NAMES, App, Specs, apps, drifts, happen, orders, specs
from support.planning import NOTHING, Play, carry_out, converge, plan_of

from gitops.model import actions as act
from gitops.model.address import Address
from gitops.model.notes import HISTORY
from gitops.model.observed import (
    LABEL_NAME,
    LABEL_PORT,
    LABEL_PROJECT,
    LABEL_SIDECAR,
    ObservedContainer,
)
from gitops.model.plan import Plan, Step
from gitops.plan.revisions import newest, revisions
from gitops.plan.text import as_text

Choose = Callable[[list[Step]], Step]
fast = settings(max_examples=60, deadline=None)


def serving(world: ModelWorld) -> dict[str, set[str]]:
    """Return the containers that answer the users of each app: routed to, running and reached."""
    engine = world.engines["local"]
    running = {
        one.name
        for one in engine.containers.values()
        if one.running
        and (one.name not in engine.joined or engine.connected(one.name, engine.joined[one.name]))
    }
    return {
        app: {server.container for server in route.servers} & running
        for app, route in engine.routes().items()
    }


def led(world: ModelWorld) -> set[str]:
    """Return the containers that routes lead to, whether they run or not."""
    routes = world.engines["local"].routes().values()
    return {server.container for route in routes for server in route.servers}


def working(world: ModelWorld) -> Counter[str]:
    """Return how many containers of each app without a port run."""
    return Counter(
        one.labels[LABEL_NAME]
        for one in world.engines["local"].containers.values()
        if one.running and one.labels.get(LABEL_PORT) == "none"
    )


class Watch:
    """Sees after each step that users are answered as promised, and by nobody else.

    Of an app, as many as ever served at once in the run, `replicas` at most, go on serving, less
    those that may be away. None gets a request that did not pass the gate, or is of another app,
    and none is stopped while it may have one. A worker counts only if it ran from the beginning:
    one that just started has not proved itself.
    """

    def __init__(self, world: ModelWorld, wanted: Specs) -> None:
        self._world = world
        self._engine = world.engines["local"]
        self._places = {name: (app, n) for app in wanted.apps for name, n in app.places.items()}
        self._most = {name: len(found) for name, found in serving(world).items()}
        self._working = working(world)
        self._routed = {one for found in serving(world).values() for one in found}
        self._drained: set[str] = set()
        self._rebuilt = False

    def __call__(self, step: Step) -> None:
        """Look at the world after a step."""
        now = serving(self._world)
        self._rebuilt |= isinstance(step.action, act.RestoreGateway)
        for name, found in now.items():
            self._most[name] = max(len(found), self._most.get(name, 0))
        for name, (app, replicas) in self._places.items():
            least = app.least(replicas, self._most.get(name, 0))
            assert len(now.get(name, ())) >= least, f"{name} has {now.get(name)} after {step}"
            works = app.least(replicas, self._working[name])
            assert working(self._world)[name] >= works, f"{name} works too little after {step}"
        self._right(now, step)
        self._gentle(now, step)

    def _right(self, now: Mapping[str, set[str]], step: Step) -> None:
        for app, found in now.items():
            for name in found:
                container = self._engine.containers[name]
                assert container.labels[LABEL_NAME] == app, f"{name} serves {app} after {step}"
                if self._told(container):
                    self._engine.proved.add(name)
                assert name in self._engine.proved, f"{name} is not proved after {step}"

    def _told(self, container: ObservedContainer) -> bool:
        """Say whether a gateway that lost its file had to be told of it by what is remembered."""
        note = self._engine.notes.get((HISTORY, container.labels[LABEL_NAME]))
        known = {one.config for one in revisions(note)}
        return self._rebuilt and (note is None or container.config in known)

    def _gentle(self, now: Mapping[str, set[str]], step: Step) -> None:
        out = {name for found in now.values() for name in found}
        action = step.action
        if isinstance(action, act.Drain):
            self._drained |= self._routed - out
        elif isinstance(action, act.StopContainer) and action.container in self._routed:
            name = step.address.name
            app, replicas = self._places.get(name, (None, 0))
            alone = app is not None and app.least(replicas, self._most[name]) <= 0
            assert alone or action.container in self._drained, f"cut off by {step}"
        if isinstance(action, act.RemoveContainer):
            assert action.container not in led(self._world), f"{step} leaves a route to nothing"
        self._routed |= out
        self._drained -= out


def end_state(world: ModelWorld) -> object:
    """Return what a reconciliation ends in, without what depends on the way there."""
    engine = world.engines["local"]
    mine = [one for one in engine.containers.values() if one.labels.get(LABEL_PROJECT) == "demo"]
    leads = {
        (route.app, route.hosts, server.port, engine.containers[server.container].config)
        for route in engine.routes().values()
        for server in route.servers
    }
    servers = Counter({route.app: len(route.servers) for route in engine.routes().values()})
    owners = sorted(
        (str(one.owner), one.config, one.labels.get(LABEL_SIDECAR, ""), one.state) for one in mine
    )
    kept = {note.name: newest(note) for note in engine.notes.values() if note.topic == HISTORY}
    there = {one.labels[LABEL_NAME] for one in mine}
    remembered = {name: config for name, config in kept.items() if name in there}
    latest = world.tags.get("localhost:5000/built:latest")
    return owners, leads, +servers, remembered, latest, set(engine.networks)


def straight(wanted: Specs) -> object:
    """Return what a world ends in that never knew anything else."""
    return end_state(after(wanted, []))


def after(before: Specs, drift: list[tuple[str, int]]) -> ModelWorld:
    """Return a world that was reconciled once, and to which things happened since."""
    world = ModelWorld()
    plan, _ = converge(before.wish(), world, play=Play(look=Watch(world, before)))
    assert plan.converged, as_text(plan)
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
