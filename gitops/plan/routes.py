"""Which routes hold now, and which have to hold when a gateway's configuration was lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gitops.model.address import Address
from gitops.model.notes import HISTORY, Note
from gitops.model.observed import LABEL_PORT, GatewayState, ObservedContainer
from gitops.model.outcomes import Found, Observation
from gitops.model.routes import Route
from gitops.model.wanted import WantedApp
from gitops.plan.deploys.holds import Notes
from gitops.plan.deploys.place import server_of
from gitops.plan.deploys.revisions import revisions
from gitops.plan.fronts import route_of


def routes_now(
    apps: Iterable[WantedApp],
    containers: Mapping[Address, tuple[ObservedContainer, ...]],
    state: Observation[GatewayState],
    notes: Notes,
) -> dict[str, Route]:
    """Return the route of each app: from the gateway's file, or from what runs if that is lost."""
    if isinstance(state, Found) and state.value.routes is not None:
        return {route.app: route for route in state.value.routes}
    found = {}
    for app in apps:
        note = notes.get((HISTORY, app.address.name))
        route = _rebuilt(app, containers.get(app.address, ()), note)
        if route is not None:
            found[app.address.name] = route
    return found


def _rebuilt(
    app: WantedApp, containers: tuple[ObservedContainer, ...], note: Note | None
) -> Route | None:
    """Return a route to what runs and served before; of two configurations, to the older one.

    What a killed deployment left has to prove itself first, though nothing else may run.
    """
    usable = [one for one in containers if one.running and one.labels.get(LABEL_PORT, "").isdigit()]
    if note is not None:
        known = {revision.config for revision in revisions(note)}
        usable = [one for one in usable if one.config in known]
    if not usable:
        return None
    oldest = min(usable, key=lambda one: one.created)
    servers = (server_of(one) for one in usable if one.config == oldest.config)
    return route_of(app, tuple(sorted(servers)))


def without_certificate(route: Route) -> Route:
    """Return the route as it is while its certificate is not there."""
    return route._replace(rules=route.rules._replace(certificate="", redirect=False))
