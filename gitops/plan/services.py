"""Registries and gateways: containers of our own that builds and apps stand on."""

from __future__ import annotations

from typing import NamedTuple

from gitops.model.actions import (
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    Pull,
    RemoveContainer,
    RestoreGateway,
    StartContainer,
    StopContainer,
    WaitService,
)
from gitops.model.observed import (
    LABEL_CONFIG,
    LABEL_PROJECT,
    EngineSnapshot,
    GatewayState,
    ObservedContainer,
)
from gitops.model.outcomes import Found, Observation, Unreachable
from gitops.model.routes import Route
from gitops.model.wanted import Blocked, WantedContainer, WantedService
from gitops.plan.containers import free_name
from gitops.plan.draft import Draft

START_TIMEOUT = 60.0
"""Seconds that a registry or a gateway may take to answer after its start."""

_STOP_GRACE = 10.0

_LOST = ("paused", "dead", "removing")
"""States that a start does not end."""


def plan_network(
    draft: Draft, service: WantedService, engine: EngineSnapshot, because: str
) -> tuple[int, ...]:
    """Add the creation of a service's network, if it is not there.

    Return the steps after which it is there.
    """
    name = service.container.network
    if name in engine.networks:
        return ()
    action = CreateNetwork(service.target, name, service.address)
    created = (draft.add(service.address, action, because),)
    draft.set_ready(service.address, created)
    return created


class _Case(NamedTuple):
    """A service, the container that stands for it, and why that one is not as wanted."""

    service: WantedService
    engine: EngineSnapshot
    container: ObservedContainer | None
    because: str
    routes: tuple[Route, ...] | None = None
    """A gateway's routes: they have to hold from its first moment."""


def plan_registry(draft: Draft, service: WantedService, engine: EngineSnapshot) -> None:
    """Add what makes a managed registry run as wanted; images wait for it."""
    case = _look(service, engine)
    if case.container is not None and not case.because:
        draft.sync(service.address, f"{case.container.name} runs {service.container.image}")
        return
    because = "of its own: builds and apps cannot get round the published port"
    network = plan_network(draft, service, engine, because)
    _start(draft, case, _volume(draft, case, network))


def plan_gateway(
    draft: Draft,
    service: WantedService,
    engine: EngineSnapshot,
    state: Observation[GatewayState],
    routes: tuple[Route, ...],
) -> None:
    """Add what makes a gateway serve its configuration; apps wait for it.

    `routes` are those that must hold from its first moment: what is live keeps being reachable.
    """
    case = _look(service, engine)._replace(routes=routes)
    if case.container is None or case.because:
        _start(draft, case, _volume(draft, case, draft.ready(service.address)))
        return
    if isinstance(state, Unreachable):
        draft.block(service.address, Blocked("GatewayUnreachable", f"{state.what}: {state.why}"))
        return
    why = _distrust(state)
    if why:
        action = RestoreGateway(service.target, case.container.name, routes)
        restored = draft.add(service.address, action, why, after=draft.ready(service.address))
        _wait(draft, service, case.container.name, (restored,))
        return
    draft.sync(service.address, f"{case.container.name} serves {_served(state)}")


def _volume(draft: Draft, case: _Case, after: tuple[int, ...]) -> tuple[int, ...]:
    """Add the creation of a service's volume, if it has one that is not there."""
    service = case.service
    if not service.volume or service.volume in case.engine.volumes:
        return after
    what = "certificates" if service.address.kind == "Target" else "images"
    action = CreateVolume(service.target, service.volume)
    return (draft.add(service.address, action, f"{what} are kept there", after=after),)


def _distrust(state: Observation[GatewayState]) -> str:
    """Return why the configuration has to be written anew, or an empty string."""
    if not isinstance(state, Found):
        return "its configuration file is gone"
    gateway = state.value
    if gateway.routes is None:
        return "its configuration file is not the one that was written"
    if gateway.served != gateway.revision:
        answer = f"it serves {gateway.served}" if gateway.served else f"no answer: {gateway.why}"
        return f"{answer}, its configuration file says {gateway.revision}"
    return ""


def _served(state: Observation[GatewayState]) -> str:
    routes = state.value.routes if isinstance(state, Found) else None
    return f"{len(routes or ())} route" + ("" if len(routes or ()) == 1 else "s")


def _look(service: WantedService, engine: EngineSnapshot) -> _Case:
    mine = [one for one in engine.containers if _is_mine(one, service)]
    if not mine:
        return _Case(service, engine, None, "it has no container")
    container = max(mine, key=lambda one: (one.config == service.container.config, one.running))
    if container.config != service.container.config:
        return _Case(service, engine, container, "its configuration differs from the wanted one")
    if not container.running:
        because = f"{container.name} is {container.state} ({container.status})"
        return _Case(service, engine, container, because)
    return _Case(service, engine, container, "")


def _is_mine(container: ObservedContainer, service: WantedService) -> bool:
    project = container.labels.get(LABEL_PROJECT)
    return container.owner == service.address and project == service.container.labels[LABEL_PROJECT]


def _start(draft: Draft, case: _Case, after: tuple[int, ...]) -> None:
    """Add a start, or a replacement: stop first, since its port can have one user only."""
    service, container = case.service, case.container
    same = container is not None and container.config == service.container.config
    if container is not None and same and container.state not in _LOST:
        name, last, because = container.name, after, case.because
    else:
        name, last = _create(draft, case, after)
        because = "it was just created"
    if container is not None and name == container.name and container.state == "restarting":
        # The engine tries again by itself, at ever longer intervals: a start would not be one.
        stop = StopContainer(service.target, name, _STOP_GRACE)
        last = (draft.add(service.address, stop, because, after=last),)
    if case.routes is not None:
        action = RestoreGateway(service.target, name, case.routes)
        why = "what is live must be reachable from its first moment"
        last = (draft.add(service.address, action, why, after=last),)
    start = StartContainer(service.target, name)
    _wait(draft, service, name, (draft.add(service.address, start, because, after=last),))


def _create(draft: Draft, case: _Case, after: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    service = case.service
    image = service.container.image
    last = (draft.add(service.address, Pull(service.target, image), "to create it", after=after),)
    if case.container is not None:
        stop = StopContainer(service.target, case.container.name, _STOP_GRACE)
        why = f"{case.because}; its port can have one user only, so this interrupts it"
        last = (draft.add(service.address, stop, why, after=last),)
        remove = RemoveContainer(service.target, case.container.name)
        last = (draft.add(service.address, remove, "the new one takes its place", after=last),)
    wanted = _labelled(service, case.engine)
    create = CreateContainer(service.target, wanted, -1)
    return wanted.name, (draft.add(service.address, create, case.because, after=last),)


def _wait(draft: Draft, service: WantedService, name: str, after: tuple[int, ...]) -> None:
    action = WaitService(service.target, name, service.address, START_TIMEOUT)
    because = "what needs it waits for its answer"
    draft.set_ready(service.address, (draft.add(service.address, action, because, after=after),))


def _labelled(service: WantedService, engine: EngineSnapshot) -> WantedContainer:
    """Return the container with its config label and a name that no stranger's container has."""
    wanted = service.container
    taken = {one.name for one in engine.containers if not _is_mine(one, service)}
    labels = {**wanted.labels, LABEL_CONFIG: wanted.config}
    return wanted._replace(name=free_name(wanted.name, taken), labels=labels)
