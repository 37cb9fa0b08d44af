"""Which routes hold now, and which have to hold when a gateway's configuration was lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gitops.model.address import Address
from gitops.model.observed import LABEL_PORT, GatewayState, ObservedContainer
from gitops.model.outcomes import Found, Observation
from gitops.model.routes import Route
from gitops.model.wanted import WantedApp


def routes_now(
    apps: Iterable[WantedApp],
    containers: Mapping[Address, tuple[ObservedContainer, ...]],
    state: Observation[GatewayState],
) -> dict[str, Route]:
    """Return the route of each app: from the gateway's file, or from what runs if that is lost."""
    if isinstance(state, Found) and state.value.routes is not None:
        return {route.app: route for route in state.value.routes}
    found = {}
    for app in apps:
        route = _rebuilt(app, containers.get(app.address, ()))
        if route is not None:
            found[app.address.name] = route
    return found


def _rebuilt(app: WantedApp, containers: tuple[ObservedContainer, ...]) -> Route | None:
    """Return a route to the oldest container that runs: of two, it is the one that was proved."""
    usable = [one for one in containers if one.running and one.labels.get(LABEL_PORT, "").isdigit()]
    if not usable:
        return None
    oldest = min(usable, key=lambda one: one.created)
    port = int(oldest.labels[LABEL_PORT])
    return Route(app.address.name, app.hosts, oldest.name, port, app.deploy.drain)
