"""How a container at the gate is asked: over HTTP, by a connection, or by its own health check."""

from __future__ import annotations

from collections.abc import Callable

from gitops.drivers.base import Upstream
from gitops.engine.deploys.gate import Candidate
from gitops.engine.deploys.routing import server
from gitops.engine.ports import Site
from gitops.engine.scene import Scene
from gitops.model.actions import WaitHealthy
from gitops.model.observed import ContainerState, ProbeAnswer
from gitops.model.probing import Fault, Trouble
from gitops.model.webapp import Health

Ask = Callable[[ContainerState], Trouble | None]
"""Returns what is wrong with a container that runs, if anything is."""


def candidate(scene: Scene, site: Site, action: WaitHealthy) -> Candidate:
    """Return the container at the gate, and how it is asked."""
    health = action.health
    upstream = Upstream(_host(scene, action), server(action.server, scene.board))

    def over_http(_: ContainerState) -> Trouble | None:
        gateway = scene.gateways[action.target]
        answer = site.gateway().probe(gateway, upstream, health.path, health.timeout)
        return http_trouble(health, answer)

    def by_connection(state: ContainerState) -> Trouble | None:
        if health.command or (state.health and not health.tcp):
            return own_trouble(state)
        if upstream.server.port < 0:
            return None
        gateway = scene.gateways[action.target]
        told = site.gateway().connects(gateway, upstream, health.timeout)
        return Trouble(told, Fault.REFUSED) if told else None

    asks_http = bool(health.path) and upstream.server.port >= 0
    ask = over_http if asks_http else by_connection
    return Candidate(action.server.container, upstream.server.port, health, ask)


def http_trouble(health: Health, answer: ProbeAnswer) -> Trouble | None:
    """Return what is wrong with an answer, if anything is."""
    if answer.error:
        return Trouble(answer.error, answer.fault)
    if any(low <= answer.status <= high for low, high in health.statuses):
        return None
    wanted = ", ".join(
        str(low) if low == high else f"{low}-{high}" for low, high in health.statuses
    )
    body = " ".join(answer.body.split())[:200]
    told = f": {body}" if body else ""
    text = f"GET {health.path} answered {answer.status}, wanted {wanted}{told}"
    return Trouble(text, Fault.STATUS, answer.status, body)


def own_trouble(state: ContainerState) -> Trouble | None:
    """Return what a container's own health check says against it, if anything."""
    if state.health == "healthy":
        return None
    said = " ".join(state.health_log.split())[:200]
    told = f": {said}" if said else ""
    if state.health == "unhealthy":
        return Trouble(f"its health command fails{told}", Fault.COMMAND, said=said)
    text = f"its health command has not succeeded yet{told}"
    return Trouble(text, Fault.STARTING, said=said)


def _host(scene: Scene, action: WaitHealthy) -> str:
    """Return the host name that the app is asked for, as by its users."""
    for app in scene.hosts.get(action.app, ()):
        return app
    return action.app.name
