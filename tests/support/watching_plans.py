"""What is watched while a plan is carried out on the model of the world."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from support.model_world import ModelWorld
from support.plan_strategies import Specs, happen
from support.planning import Play, converge

from gitops.model import actions as act
from gitops.model.notes import HISTORY
from gitops.model.observed import (
    LABEL_NAME,
    LABEL_PORT,
    LABEL_PROJECT,
    LABEL_SIDECAR,
    ObservedContainer,
)
from gitops.model.plan import Step
from gitops.plan.deploys.revisions import newest, revisions
from gitops.plan.text import as_text


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
