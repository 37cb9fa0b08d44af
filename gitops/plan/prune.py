"""What nobody wants any more: only ours, only when every spec was read, never by surprise."""

from __future__ import annotations

from gitops.model.actions import (
    Drain,
    RemoveContainer,
    RemoveNetwork,
    RemoveRoute,
    RemoveVolume,
    StopContainer,
)
from gitops.model.address import Address
from gitops.model.observed import (
    LABEL_PROJECT,
    EngineSnapshot,
    GatewayState,
    Observed,
    ObservedContainer,
)
from gitops.model.outcomes import Found, Observation
from gitops.model.plan import Plan
from gitops.model.routes import Route
from gitops.model.wanted import Blocked, Wanted
from gitops.plan.draft import Draft

_DRAIN = 30.0
_STOP = 10.0
_MANY = 5
_SHARE = 5


def orphans(wanted: Wanted, engine: EngineSnapshot) -> tuple[ObservedContainer, ...]:
    """Return the project's containers whose resource is in no spec."""
    kept = wanted.addresses - _unused_targets(wanted)
    return tuple(
        container
        for container in engine.containers
        if container.labels.get(LABEL_PROJECT) == wanted.project
        and container.owner is not None
        and container.owner not in kept
    )


def _unused_targets(wanted: Wanted) -> frozenset[Address]:
    """Return the declared targets that need no gateway, having no app."""
    served = {service.address for service in wanted.gateways} | wanted.suspended
    return frozenset(
        address
        for address in wanted.addresses
        if address.kind == "Target" and address not in served
    )


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


def plan_removal(
    draft: Draft, target: str, container: ObservedContainer, routes: tuple[Route, ...]
) -> None:
    """Add the orderly end of one orphan: route, drain, stop, removal."""
    owner = container.owner
    if owner is None:
        return
    because = f"{owner} is in no spec"
    after: tuple[int, ...] = ()
    if any(route.app == owner.name and owner.kind == "WebApp" for route in routes):
        if not draft.touches(owner):
            after = (draft.add(owner, RemoveRoute(target, owner.name), because),)
            drained = Drain(target, owner.name, _DRAIN)
            after = (draft.add(owner, drained, "requests that it has begun may end", after=after),)
            draft.set_ready(owner, after)
        after = draft.ready(owner)
    if container.running:
        stop = StopContainer(target, container.name, _STOP)
        after = (draft.add(owner, stop, because, after=after),)
    draft.add(owner, RemoveContainer(target, container.name), because, after=after)


def tear_down(project: str, networks: dict[str, str], observed: Observed, *, volumes: bool) -> Plan:
    """Return the plan that removes all that `project` owns; what cannot be reached is blocked.

    `networks` are the project's network names by target. Apps go first, then gateways and
    registries, then networks, and volumes only when asked for.
    """
    draft = Draft(project)
    for target, seen in observed.engines.items():
        address = Address("Target", target)
        if not isinstance(seen, Found):
            draft.block(address, Blocked("EngineUnreachable", getattr(seen, "why", "not there")))
            continue
        _tear_down_target(draft, project, target, seen.value, observed.gateways.get(target))
        after = tuple(range(1, len(draft.finish().steps) + 1))
        if networks.get(target, "") in seen.value.networks:
            action = RemoveNetwork(target, networks[target])
            draft.add(address, action, "the project ends", after=after)
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
    routes = _routes(state.value) if isinstance(state, Found) else ()
    last: tuple[int, ...] = ()
    for container in sorted(mine, key=lambda one: order.get(one.labels["gitops.kind"], 3)):
        owner = container.owner or Address("WebApp", container.name)
        after = last if owner.kind == "Target" else ()
        if owner.kind == "WebApp" and any(route.app == owner.name for route in routes):
            because = "the project ends"
            if not draft.touches(owner):
                cut = draft.add(owner, RemoveRoute(target, owner.name), because)
                last = (*last, cut)
                draft.set_ready(owner, (cut,))
            after = draft.ready(owner)
        if container.running:
            stop = StopContainer(target, container.name, _STOP)
            after = (draft.add(owner, stop, "the project ends", after=after),)
        remove = RemoveContainer(target, container.name)
        draft.add(owner, remove, "the project ends", after=after)


def _routes(state: GatewayState) -> tuple[Route, ...]:
    return state.routes or ()
