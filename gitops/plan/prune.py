"""What nobody wants any more: only ours, only when every spec was read, never by surprise."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from gitops.model.actions import (
    Drain,
    EraseNote,
    RemoveContainer,
    RemoveNetwork,
    RemoveRoute,
    RemoveVolume,
    StopContainer,
)
from gitops.model.address import Address
from gitops.model.notes import Note
from gitops.model.observed import (
    LABEL_PROJECT,
    LABEL_REPLICA,
    LABEL_SIDECAR,
    EngineSnapshot,
    GatewayState,
    Inputs,
    Observed,
    ObservedContainer,
    owner_of,
)
from gitops.model.outcomes import Found, Observation, Unreachable
from gitops.model.plan import Plan
from gitops.model.routes import Route
from gitops.model.wanted import Blocked, Wanted
from gitops.plan.draft import Draft
from gitops.plan.files import files_volumes

_DRAIN = 30.0
_STOP = 10.0
_MANY = 5
_SHARE = 5


class Left(NamedTuple):
    """What is left on a target: the containers that nobody wants there, and all its routes."""

    target: str
    containers: tuple[ObservedContainer, ...]
    routes: tuple[Route, ...]
    notes: tuple[Note, ...] = ()
    files: tuple[str, ...] = ()
    """Volumes of files that no app has any more."""
    networks: tuple[tuple[str, Address], ...] = ()
    """Networks of registries that are not managed any more, and whose they were."""


def orphans(wanted: Wanted, target: str, engine: EngineSnapshot) -> tuple[ObservedContainer, ...]:
    """Return the project's containers whose resource is in no spec, or wanted elsewhere."""
    kept = _kept(wanted, target)
    return tuple(
        container
        for container in engine.containers
        if container.labels.get(LABEL_PROJECT) == wanted.project
        and container.owner is not None
        and container.owner not in kept
    )


def orphan_networks(
    wanted: Wanted, target: str, engine: EngineSnapshot
) -> tuple[tuple[str, Address], ...]:
    """Return the networks of registries that nobody wants here; apps may come back to theirs."""
    kept = _kept(wanted, target)
    return tuple(
        (name, owner)
        for name, owner in _networks(wanted.project, engine)
        if owner.kind == "Registry" and owner not in kept
    )


def _networks(project: str, engine: EngineSnapshot) -> list[tuple[str, Address]]:
    """Return the project's networks and whose they are; those of runs of tasks are not counted."""
    return [
        (name, owner)
        for name, labels in sorted(engine.networks.items())
        if labels.get(LABEL_PROJECT) == project and (owner := owner_of(labels)) is not None
    ]


def _kept(wanted: Wanted, target: str) -> frozenset[Address]:
    """Return what has its place on a target."""
    apps = {app.address for app in wanted.apps if app.target == target}
    services = (*wanted.registries, *wanted.gateways)
    return wanted.suspended | apps | {one.address for one in services if one.target == target}


def unseen(wanted: Wanted, observed: Observed, inputs: Inputs) -> str:
    """Return what could not be looked at, or an empty string: nothing is pruned half blind."""
    sources = [seen for task, seen in inputs.sources.items() if task not in wanted.suspended]
    looks = (
        *observed.engines.values(),
        *observed.gateways.values(),
        *observed.tags.values(),
        *sources,
    )
    unreachable = (f"{one.what}: {one.why}" for one in looks if isinstance(one, Unreachable))
    stale = (one.value.stale for one in sources if isinstance(one, Found) and one.value.stale)
    return next(chain(unreachable, stale), "")


def refusal(wanted: Wanted, gone: frozenset[Address], there: frozenset[Address]) -> str:
    """Return why so much must not be removed without being asked for, or an empty string."""
    apps_gone = sorted(address.name for address in gone if address.kind == "WebApp")
    apps_there = [address for address in there if address.kind == "WebApp"]
    left = [address for address in there - gone if address.kind == "WebApp"]
    too_many = len(apps_there) > _MANY and len(apps_gone) * _SHARE > len(apps_there)
    nothing_left = bool(apps_gone) and not left and not wanted.apps
    if not (too_many or nothing_left):
        return ""
    names = ", ".join(apps_gone[:_MANY]) + (", ..." if len(apps_gone) > _MANY else "")
    return (
        f"{len(apps_gone)} of {len(apps_there)} running apps of project {wanted.project} are in no"
        f" spec and would be removed ({names}); if that is meant, say --allow-mass-removal"
    )


def plan_removals(draft: Draft, wanted: Wanted, left: Left) -> None:
    """Add the orderly end of what nobody wants on a target; what apps stand on goes last."""
    kept = _kept(wanted, left.target)
    routes = {Address("WebApp", route.app): route for route in left.routes}
    owners = dict.fromkeys([*routes, *(_owner(one) for one in left.containers)])
    apps: tuple[int, ...] = ()
    for owner in sorted(owners, key=lambda owner: owner.kind != "WebApp"):
        if owner in kept:
            continue
        heirs = _heirs(wanted, owner, routes.get(owner))
        if any(draft.blocked(heir) for heir in heirs):
            continue
        ready = tuple(step for heir in heirs for step in draft.ready(heir))
        ends = _Ends(draft, left.target, owner, _why(wanted, owner))
        after = ready if owner.kind == "WebApp" else apps
        if owner in routes:
            after = ends.cut((*after, *draft.ready(Address("Target", left.target))))
        mine = [one for one in left.containers if _owner(one) == owner]
        apps = (*apps, *ends.remove_all(mine, after))
    for network, owner in left.networks:
        draft.add(owner, RemoveNetwork(left.target, network), _why(wanted, owner), after=apps)
    _forget(draft, wanted, left, kept)


def _forget(draft: Draft, wanted: Wanted, left: Left, kept: frozenset[Address]) -> None:
    """Add the end of what is remembered of apps that are gone."""
    for note in left.notes:
        owner = note.owner
        wanted_task = owner.kind == "BuildTask" and owner in wanted.addresses
        if owner not in kept and not wanted_task:
            draft.add(owner, EraseNote(left.target, note.topic, note.name), _why(wanted, owner))
    for volume in left.files:
        address = Address("Target", left.target)
        draft.add(address, RemoveVolume(left.target, volume), "no app has these files any more")


def _heirs(wanted: Wanted, owner: Address, route: Route | None) -> list[Address]:
    """Return who takes over: the app itself on another target, or one with its host names."""
    hosts = route.hosts if route else ()
    return [
        app.address
        for app in wanted.apps
        if app.address == owner or not set(app.hosts).isdisjoint(hosts)
    ]


def _why(wanted: Wanted, owner: Address) -> str:
    if owner.kind == "Target":
        return "no app needs this gateway"
    return f"{owner} is {'not wanted here' if owner in wanted.addresses else 'in no spec'}"


class _Ends(NamedTuple):
    """How something of `owner` ends on a target."""

    draft: Draft
    target: str
    owner: Address
    because: str

    def cut(self, after: tuple[int, ...]) -> tuple[int, ...]:
        """Add the removal of its route, and the wait for open requests."""
        remove = RemoveRoute(self.target, self.owner.name)
        cut = self.draft.add(self.owner, remove, self.because, after=after)
        because = "requests that it has begun may end"
        drain = Drain(self.target, self.owner.name, _DRAIN)
        return (self.draft.add(self.owner, drain, because, after=(cut,)),)

    def remove_all(
        self, containers: Iterable[ObservedContainer], after: tuple[int, ...]
    ) -> tuple[int, ...]:
        """Add the end of containers, in each replica that of what started first last."""
        ends: dict[str, int] = {}
        for one in sorted(containers, key=lambda one: (LABEL_SIDECAR in one.labels, -one.created)):
            replica = one.labels.get(LABEL_REPLICA, one.name)
            ends[replica] = self.remove(one, (ends[replica],) if replica in ends else after)
        return tuple(ends.values())

    def remove(self, container: ObservedContainer, after: tuple[int, ...]) -> int:
        """Add the stop and the removal of a container; return the last step."""
        if container.running:
            stop = StopContainer(self.target, container.name, _STOP)
            after = (self.draft.add(self.owner, stop, self.because, after=after),)
        remove = RemoveContainer(self.target, container.name)
        return self.draft.add(self.owner, remove, self.because, after=after)


def tear_down(project: str, observed: Observed, *, volumes: bool) -> Plan:
    """Return the plan that removes all that `project` owns; what cannot be reached is blocked.

    Apps go first, then gateways and registries, then networks, and volumes only when asked for.
    """
    draft = Draft(project)
    for target, seen in observed.engines.items():
        address = Address("Target", target)
        if not isinstance(seen, Found):
            draft.block(address, Blocked("EngineUnreachable", getattr(seen, "why", "not there")))
            continue
        before = len(draft.finish().steps)
        _tear_down_target(draft, project, target, seen.value, observed.gateways.get(target))
        after = tuple(range(before + 1, len(draft.finish().steps) + 1))
        for network, owner in _networks(project, seen.value):
            draft.add(owner, RemoveNetwork(target, network), "the project ends", after=after)
        for note in sorted(seen.value.notes):
            forget = EraseNote(target, note.topic, note.name)
            draft.add(note.owner, forget, "the project ends")
        made = files_volumes(project, seen.value)
        for volume in made if not volumes else ():
            draft.add(address, RemoveVolume(target, volume), "the project ends", after=after)
        for volume in sorted(seen.value.volumes) if volumes else ():
            draft.add(address, RemoveVolume(target, volume), "--volumes was given", after=after)
    return draft.finish()


def _tear_down_target(
    draft: Draft,
    project: str,
    target: str,
    engine: EngineSnapshot,
    state: Observation[GatewayState] | None,
) -> None:
    mine = [one for one in engine.containers if one.labels.get(LABEL_PROJECT) == project]
    order = {"WebApp": 0, "Target": 1, "Registry": 2}
    routes = _served(state.value) if isinstance(state, Found) else ()
    because = "the project ends"
    cuts: dict[Address, int] = {}
    owners = dict.fromkeys(map(_owner, mine))
    for owner in sorted(owners, key=lambda owner: order.get(owner.kind, 3)):
        routed = owner.kind == "WebApp" and any(route.app == owner.name for route in routes)
        if routed:
            cuts[owner] = draft.add(owner, RemoveRoute(target, owner.name), because)
        after = tuple(cuts.values()) if owner.kind == "Target" else ()
        ends = _Ends(draft, target, owner, because)
        containers = [one for one in mine if _owner(one) == owner]
        ends.remove_all(containers, (cuts[owner],) if routed else after)


def _owner(container: ObservedContainer) -> Address:
    """Return whose a container is; one whose labels do not say it counts as an app."""
    return container.owner or Address("WebApp", container.name)


def _served(state: GatewayState) -> tuple[Route, ...]:
    """Return the routes that users reach; a gateway that does not run has none to take away."""
    return (state.routes or ()) if state.served else ()
