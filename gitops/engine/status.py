"""How each resource is: one pure function from a decision to conditions."""

from __future__ import annotations

from collections.abc import Mapping

from gitops.engine.decide import Decision
from gitops.model.address import Address
from gitops.model.conditions import Condition, Status, Truth
from gitops.model.observed import LABEL_DIGEST, LABEL_PROJECT, LABEL_REVISION, ObservedContainer
from gitops.model.outcomes import Found
from gitops.model.plan import Plan
from gitops.model.resources import Target
from gitops.model.routes import Route
from gitops.model.wanted import WantedApp, WantedImage

_HTTP = 80

UNREACHABLE = (
    "EngineUnreachable",
    "GatewayUnreachable",
    "RegistryUnreachable",
    "SourceUnreachable",
)


def statuses(decision: Decision) -> tuple[Status, ...]:
    """Return the status of every resource that is declared, and of every one that is left over."""
    plan = decision.plan
    leftover = {step.address for step in plan.steps} - set(decision.bundle.resources)
    return tuple(
        _status(decision, address) for address in sorted({*decision.bundle.resources, *leftover})
    )


def _status(decision: Decision, address: Address) -> Status:
    conditions = [_in_sync(decision.plan, address)]
    app = next((app for app in decision.wanted.apps if app.address == address), None)
    image = next((image for image in decision.wanted.images if image.task == address), None)
    wanted = running = url = ""
    if app is not None:
        live = _live(decision, app)
        conditions.append(_available(decision, app, live))
        wanted = app.revision[:8] or _short(str(app.image))
        running = _revision(live)
        url = _url(decision, app)
    if image is not None:
        wanted = image.commit[:8] or image.fingerprint[:8]
        running = _built(decision, image)
    return Status(address, (_ready(conditions), *conditions), wanted, running, url)


def _ready(conditions: list[Condition]) -> Condition:
    """Return whether all other conditions hold; the first that does not says why."""
    for condition in conditions:
        if condition.status is not Truth.TRUE:
            return condition._replace(type="Ready")
    return Condition("Ready", Truth.TRUE, "Ready", conditions[-1].message)


def _in_sync(plan: Plan, address: Address) -> Condition:
    if address in plan.suspended:
        return Condition("InSync", Truth.UNKNOWN, "Suspended", plan.suspended[address])
    blocked = plan.blocked.get(address)
    if blocked is not None:
        truth = Truth.UNKNOWN if blocked.reason in UNREACHABLE else Truth.FALSE
        return Condition("InSync", truth, blocked.reason, blocked.message)
    step = next((step for step in plan.steps if step.address == address), None)
    if step is not None:
        return Condition("InSync", Truth.FALSE, "OutOfSync", step.because)
    return Condition("InSync", Truth.TRUE, "InSync", plan.in_sync.get(address, "nothing to do"))


def _available(decision: Decision, app: WantedApp, live: ObservedContainer | None) -> Condition:
    seen = decision.observed.engines.get(app.target)
    if not isinstance(seen, Found):
        return Condition("Available", Truth.UNKNOWN, "EngineUnreachable", "it cannot be looked at")
    if live is None:
        return Condition("Available", Truth.FALSE, "NoContainer", "no container serves it")
    if not live.running:
        why = f"{live.name} is {live.state} ({live.status})"
        return Condition("Available", Truth.FALSE, "NotRunning", why)
    if live.labels.get("gitops.port") == "none":
        return Condition("Available", Truth.TRUE, "Running", f"{live.name} runs; it has no port")
    route = _routes(decision, app.target).get(app.address.name)
    if route is None or route.container != live.name:
        return Condition("Available", Truth.FALSE, "NotRouted", f"no route leads to {live.name}")
    return Condition("Available", Truth.TRUE, "Serving", f"{live.name} serves it")


def _routes(decision: Decision, target: str) -> Mapping[str, Route]:
    seen = decision.observed.gateways.get(target)
    routes = seen.value.routes if isinstance(seen, Found) else None
    return {route.app: route for route in routes or ()}


def _live(decision: Decision, app: WantedApp) -> ObservedContainer | None:
    """Return the container that the route leads to, else the newest that is there."""
    seen = decision.observed.engines.get(app.target)
    mine = [
        one
        for one in (seen.value.containers if isinstance(seen, Found) else ())
        if one.owner == app.address and one.labels.get(LABEL_PROJECT) == decision.bundle.project
    ]
    route = _routes(decision, app.target).get(app.address.name)
    routed = [one for one in mine if route is not None and one.name == route.container]
    return max(routed or mine, key=lambda one: (one.running, one.created), default=None)


def _revision(container: ObservedContainer | None) -> str:
    if container is None:
        return ""
    labels = container.labels
    return labels.get(LABEL_REVISION, "")[:8] or _short(labels.get(LABEL_DIGEST) or container.image)


def _built(decision: Decision, image: WantedImage) -> str:
    if isinstance(decision.observed.tags.get(str(image.ref)), Found):
        return image.commit[:8] or image.fingerprint[:8]
    return ""


def _short(text: str) -> str:
    return text.rpartition("sha256:")[2][:8] if "sha256:" in text else text


def _url(decision: Decision, app: WantedApp) -> str:
    target = decision.bundle.resources.get(Address("Target", app.target))
    if not isinstance(target, Target) or not app.hosts:
        return ""
    port = "" if target.gateway.http == _HTTP else f":{target.gateway.http}"
    return f"http://{app.hosts[0]}{port}/"
