"""How a container at the gate is asked: over HTTP, by a connection, or by its own health check."""

from __future__ import annotations

from collections.abc import Callable

from gitops.drivers.base import Upstream
from gitops.engine.gate import Candidate
from gitops.engine.ports import Site
from gitops.engine.routing import server
from gitops.engine.scene import Scene
from gitops.model.actions import WaitHealthy
from gitops.model.observed import ContainerState, ProbeAnswer
from gitops.model.webapp import Health

Ask = Callable[[ContainerState], str]
"""Returns what is wrong with a container that runs, or an empty string."""


def candidate(scene: Scene, site: Site, action: WaitHealthy) -> Candidate:
    """Return the container at the gate, and how it is asked."""
    health = action.health
    upstream = Upstream(_host(scene, action), server(action.server, scene.board))

    def over_http(_: ContainerState) -> str:
        gateway = scene.gateways[action.target]
        answer = site.gateway().probe(gateway, upstream, health.path, health.timeout)
        return http_trouble(health, answer)

    def by_connection(state: ContainerState) -> str:
        if health.command or (state.health and not health.tcp):
            return own_trouble(state)
        if upstream.server.port < 0:
            return ""
        gateway = scene.gateways[action.target]
        return site.gateway().connects(gateway, upstream, health.timeout)

    asks_http = bool(health.path) and upstream.server.port >= 0
    return Candidate(action.server.container, health, over_http if asks_http else by_connection)


def http_trouble(health: Health, answer: ProbeAnswer) -> str:
    """Return what is wrong with an answer, or an empty string."""
    if answer.error:
        return answer.error
    if any(low <= answer.status <= high for low, high in health.statuses):
        return ""
    wanted = ", ".join(
        str(low) if low == high else f"{low}-{high}" for low, high in health.statuses
    )
    body = " ".join(answer.body.split())[:200]
    told = f": {body}" if body else ""
    return f"GET {health.path} answered {answer.status}, wanted {wanted}{told}"


def own_trouble(state: ContainerState) -> str:
    """Return what a container's own health check says against it, or an empty string."""
    if state.health == "healthy":
        return ""
    said = " ".join(state.health_log.split())[:200]
    told = f": {said}" if said else ""
    if state.health == "unhealthy":
        return f"its health command fails{told}"
    return f"its health command has not succeeded yet{told}"


def _host(scene: Scene, action: WaitHealthy) -> str:
    """Return the host name that the app is asked for, as by its users."""
    for app in scene.hosts.get(action.app, ()):
        return app
    return action.app.name
