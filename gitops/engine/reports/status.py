"""How each resource is: one pure function from a decision to conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gitops.engine.decide import Decision
from gitops.model.address import Address
from gitops.model.conditions import Condition, Status, Truth
from gitops.model.observed import (
    LABEL_DIGEST,
    LABEL_PORT,
    LABEL_PROJECT,
    LABEL_REVISION,
    LABEL_SIDECAR,
    GatewayState,
    ObservedContainer,
)
from gitops.model.outcomes import Found, Observation
from gitops.model.resources import Target
from gitops.model.revisions import Hold
from gitops.model.routes import Route
from gitops.model.wanted import WantedApp, WantedImage
from gitops.plan.containers import DEFAULT_HTTPS
from gitops.plan.deploys.holds import held_since
from gitops.plan.deploys.place import NO_PORT

_HTTP = 80
_HELD = "Held"
_HTTPS = 443

UNREACHABLE = (
    "EngineUnreachable",
    "GatewayUnreachable",
    "RegistryUnreachable",
    "SourceUnreachable",
)


class _View(NamedTuple):
    """A decision, sorted by what it is about, so that each resource costs the same."""

    decision: Decision
    apps: Mapping[Address, WantedApp]
    images: Mapping[Address, WantedImage]
    causes: Mapping[Address, str]
    containers: Mapping[tuple[str, Address], list[ObservedContainer]]
    routes: Mapping[str, Mapping[str, Route]]
    ill: Mapping[tuple[str, str], str]
    """Why a server, by target and name, fails the gateway's checks; the others are well."""


def statuses(decision: Decision) -> tuple[Status, ...]:
    """Return the status of every resource that is declared, and of every one that is left over."""
    view = _view(decision)
    offshoots = (found for found in decision.plan.blocked if "@" in found.name)
    addresses = {*decision.bundle.resources, *view.apps, *view.causes, *offshoots}
    return tuple(_status(view, address) for address in sorted(addresses))


def _view(decision: Decision) -> _View:
    containers: dict[tuple[str, Address], list[ObservedContainer]] = {}
    for target, seen in decision.observed.engines.items():
        for one in seen.value.containers if isinstance(seen, Found) else ():
            if one.owner and one.labels.get(LABEL_PROJECT) == decision.bundle.project:
                containers.setdefault((target, one.owner), []).append(one)
    return _View(
        decision,
        {app.address: app for app in decision.wanted.apps},
        {image.task: image for image in decision.wanted.images},
        {step.address: step.because for step in reversed(decision.plan.steps)},
        containers,
        {target: _routes(seen) for target, seen in decision.observed.gateways.items()},
        {
            (target, one.container): one.why
            for target, servers in decision.observed.health.items()
            for one in servers
            if not one.up
        },
    )


def _status(view: _View, address: Address) -> Status:
    app, image = view.apps.get(address), view.images.get(address)
    conditions = [_in_sync(view, address, app.held if app is not None else None)]
    wanted = running = url = ""
    if app is not None:
        live = _live(view, app)
        conditions.append(_available(view, app, live))
        wanted = app.revision[:8] or _short(str(app.image))
        running = _revision(live)
        url = _url(view.decision, app, live)
    if image is not None:
        wanted = image.commit[:8] or image.fingerprint[:8]
        running = _built(view.decision, image)
    held = app.held if app is not None else None
    return Status(address, (_ready(conditions), *conditions), wanted, running, url, held)


def _ready(conditions: list[Condition]) -> Condition:
    """Return whether all other conditions hold; the first that does not says why."""
    for condition in conditions:
        if condition.status is not Truth.TRUE:
            return condition._replace(type="Ready")
    for condition in conditions:
        if condition.reason == _HELD:
            return condition._replace(type="Ready")
    return Condition("Ready", Truth.TRUE, "Ready", conditions[-1].message)


def _in_sync(view: _View, address: Address, held: Hold | None) -> Condition:
    plan = view.decision.plan
    if address in plan.suspended:
        return Condition("InSync", Truth.UNKNOWN, "Suspended", plan.suspended[address])
    blocked = plan.blocked.get(address)
    if blocked is not None:
        truth = Truth.UNKNOWN if blocked.reason in UNREACHABLE else Truth.FALSE
        return Condition("InSync", truth, blocked.reason, blocked.message)
    if address in view.causes:
        return Condition("InSync", Truth.FALSE, "OutOfSync", view.causes[address])
    if held is not None:
        return Condition("InSync", Truth.TRUE, "Held", held_since(held))
    return Condition("InSync", Truth.TRUE, "InSync", plan.in_sync.get(address, "nothing to do"))


def _available(view: _View, app: WantedApp, live: ObservedContainer | None) -> Condition:
    if not isinstance(view.decision.observed.engines.get(app.target), Found):
        return Condition("Available", Truth.UNKNOWN, "EngineUnreachable", "it cannot be looked at")
    if live is None or (app.held is not None and app.held.kind == "stop"):
        return _absent(app)
    if not live.running:
        why = f"{live.name} is {live.state} ({live.status})"
        return Condition("Available", Truth.FALSE, "NotRunning", why)
    if live.labels.get(LABEL_PORT) == NO_PORT:
        return Condition("Available", Truth.TRUE, "Running", f"{live.name} runs; it has no port")
    route = view.routes.get(app.target, {}).get(app.address.name)
    if route is None or live.name not in _servers(route):
        return Condition("Available", Truth.FALSE, "NotRouted", f"no route leads to {live.name}")
    return Condition("Available", Truth.TRUE, "Serving", _serving(view, app, route))


def _serving(view: _View, app: WantedApp, route: Route) -> str:
    """Return who serves an app; while no replica is well, all of them are asked."""
    names = [server.container for server in route.servers]
    ill = {name: view.ill[app.target, name] for name in names if (app.target, name) in view.ill}
    well = [name for name in names if name not in ill] or names
    told = f"{', '.join(well)} {'serves' if len(well) == 1 else 'serve'} it"
    troubles = [f"{name} fails its checks: {why}" for name, why in ill.items()]
    return "; ".join((told, *troubles, *filter(None, [app.scaled])))


def _absent(app: WantedApp) -> Condition:
    if app.held is not None and app.held.kind == "stop":
        return Condition("Available", Truth.FALSE, "Stopped", held_since(app.held))
    return Condition("Available", Truth.FALSE, "NoContainer", "no container serves it")


def _routes(seen: Observation[GatewayState]) -> Mapping[str, Route]:
    routes = seen.value.routes if isinstance(seen, Found) else None
    return {route.app: route for route in routes or ()}


def _live(view: _View, app: WantedApp) -> ObservedContainer | None:
    """Return the container that the route leads to, else the newest that is there."""
    mine = view.containers.get((app.target, app.address), [])
    route = view.routes.get(app.target, {}).get(app.address.name)
    mine = [one for one in mine if LABEL_SIDECAR not in one.labels]
    routed = [one for one in mine if route is not None and one.name in _servers(route)]
    return max(routed or mine, key=lambda one: (one.running, one.created), default=None)


def _servers(route: Route) -> frozenset[str]:
    return frozenset(server.container for server in route.servers)


def _revision(container: ObservedContainer | None) -> str:
    if container is None:
        return ""
    labels = container.labels
    return labels.get(LABEL_REVISION, "")[:8] or _short(labels.get(LABEL_DIGEST) or container.image)


def _built(decision: Decision, image: WantedImage) -> str:
    there = isinstance(decision.observed.tags.get(str(image.ref)), Found)
    if there or (not image.pushes and image.task in decision.plan.in_sync):
        return image.commit[:8] or image.fingerprint[:8]
    return ""


def _short(text: str) -> str:
    return text.rpartition("sha256:")[2][:8] if "sha256:" in text else text


def _url(decision: Decision, app: WantedApp, live: ObservedContainer | None) -> str:
    target = decision.bundle.resources.get(Address("Target", app.target))
    worker = live is not None and live.labels.get(LABEL_PORT) == NO_PORT
    if not isinstance(target, Target) or not app.hosts or worker:
        return ""
    scheme, number, usual = "http", target.gateway.http, _HTTP
    if app.certificate:
        scheme, number, usual = "https", target.gateway.https or DEFAULT_HTTPS, _HTTPS
    port = "" if number == usual else f":{number}"
    path = app.rules.prefixes[0].rstrip("/")
    return f"{scheme}://{app.hosts[0]}{port}{path}/"
