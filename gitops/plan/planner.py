"""The one decision: from what is wanted, what is there and what is remembered to a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.image import ImageRef
from gitops.model.observed import LABEL_PROJECT, EngineSnapshot, Inputs, Observed, ObservedContainer
from gitops.model.outcomes import Absent, Found, Observation, Unreachable
from gitops.model.plan import History, Plan
from gitops.model.routes import Route
from gitops.model.wanted import Blocked, Wanted, WantedApp
from gitops.plan.draft import Draft
from gitops.plan.fingerprint import config_hash
from gitops.plan.images import plan_image
from gitops.plan.prune import Left, orphans, plan_removals, refusal, unseen
from gitops.plan.routes import routes_now
from gitops.plan.services import plan_gateway, plan_network, plan_registry
from gitops.plan.workloads import Place, hold_app, plan_app, sealed

SUSPENDED = "BuildSuspended"
"""The reason of an app that waits because the user said so: it is at rest, not in trouble."""


class Question(NamedTuple):
    """All that a plan depends on. `allow_mass_removal` is the user's word that it is meant."""

    wanted: Wanted
    observed: Observed
    history: History
    inputs: Inputs
    allow_mass_removal: bool = False


class _Ground(NamedTuple):
    """One engine that could be looked at, sorted for the planner."""

    target: str
    engine: EngineSnapshot
    mine: Mapping[Address, tuple[ObservedContainer, ...]]
    names: frozenset[str]
    routes: Mapping[str, Route]
    network: tuple[int, ...] = ()
    """The steps after which the project's network is there."""


def make_plan(question: Question) -> Plan:
    """Return what has to be done; the same question always gives the same plan."""
    wanted = question.wanted
    draft = Draft(wanted.project)
    for address, blocked in wanted.blocked.items():
        draft.block(address, blocked)
    for address in sorted(wanted.suspended):
        draft.suspend(address, "suspend is set")
    grounds = _survey(draft, question)
    networks = _plan_services(draft, question, grounds)
    images = _plan_images(draft, question)
    apps = {app.address: app for app in wanted.apps}
    for address in _in_order(apps):
        ground = grounds.get(apps[address].target)
        if ground is not None and address not in wanted.suspended:
            network = networks.get(ground.target, ())
            _plan_one(draft, question, ground._replace(network=network), apps[address], images)
    refused = _prune(draft, question, grounds)
    _describe_the_rest(draft, wanted)
    return draft.finish(refused)


def _survey(draft: Draft, question: Question) -> dict[str, _Ground]:
    grounds = {}
    for target, seen in question.observed.engines.items():
        if not isinstance(seen, Found):
            why = f"{seen.what}: {seen.why}" if isinstance(seen, Unreachable) else "no engine"
            blocked = Blocked("EngineUnreachable", why)
            _block_target(draft, question.wanted, target, blocked)
            continue
        mine: dict[Address, list[ObservedContainer]] = {}
        for container in seen.value.containers:
            owner = container.owner
            if owner and container.labels.get(LABEL_PROJECT) == question.wanted.project:
                mine.setdefault(owner, []).append(container)
        frozen = {owner: tuple(found) for owner, found in mine.items()}
        names = frozenset(one.name for one in seen.value.containers)
        apps = [app for app in question.wanted.apps if app.target == target]
        routes = routes_now(apps, frozen, question.observed.gateways.get(target, Absent()))
        grounds[target] = _Ground(target, seen.value, frozen, names, routes)
    return grounds


def _block_target(draft: Draft, wanted: Wanted, target: str, blocked: Blocked) -> None:
    """Say it for all that runs there: silence would read as in sync."""
    draft.block(Address("Target", target), blocked)
    for app in wanted.apps:
        if app.target == target and app.address not in wanted.suspended:
            draft.block(app.address, blocked)
    for service in wanted.registries:
        if service.target == target:
            draft.block(service.address, blocked)
    for image in wanted.images:
        if image.target == target:
            draft.block(image.task, blocked)


def _plan_services(
    draft: Draft, question: Question, grounds: Mapping[str, _Ground]
) -> Mapping[str, tuple[int, ...]]:
    """Add the steps for registries, networks and gateways; return when each network is there."""
    wanted = question.wanted
    for service in wanted.registries:
        if service.target in grounds:
            plan_registry(draft, service, grounds[service.target].engine)
    networks = {}
    for service in wanted.gateways:
        ground = grounds.get(service.target)
        if ground is None or service.address in wanted.suspended:
            continue
        name = wanted.networks[service.target]
        networks[service.target] = plan_network(draft, service, name, ground.engine)
        state = question.observed.gateways.get(service.target, Absent())
        plan_gateway(draft, service, ground.engine, state, tuple(ground.routes.values()))
    return networks


def _plan_images(draft: Draft, question: Question) -> dict[Address, tuple[int, ...] | Blocked]:
    ready: dict[Address, tuple[int, ...] | Blocked] = {}
    for image in question.wanted.images:
        blocked = draft.blocked(image.task)
        if blocked is not None:
            ready[image.task] = blocked
        elif image.task in question.wanted.suspended:
            known = isinstance(question.observed.tags.get(str(image.ref)), Found)
            why = f"{image.task} is suspended, and its image is not in the registry"
            ready[image.task] = () if known else Blocked(SUSPENDED, why)
        else:
            ready[image.task] = plan_image(draft, image, question.observed, question.history)
    return ready


def _plan_one(
    draft: Draft,
    question: Question,
    ground: _Ground,
    app: WantedApp,
    images: Mapping[Address, tuple[int, ...] | Blocked],
) -> None:
    mine = ground.mine.get(app.address, ())
    route = ground.routes.get(app.address.name)
    gateway = draft.ready(Address("Target", app.target))
    place = Place(mine, route, ground.names, ground.engine.volumes, gateway)
    obstacle = draft.blocked(app.address) or _gateway_obstacle(question.observed, app)
    image = obstacle or _image(question.observed, app)
    made = images.get(app.task, ()) if app.task else ()
    needed = _dependencies(draft, app)
    if isinstance(image, Blocked) or isinstance(made, Blocked) or isinstance(needed, Blocked):
        blocked = next(one for one in (image, made, needed) if isinstance(one, Blocked))
        if blocked.reason == SUSPENDED:
            draft.suspend(app.address, blocked.message)
        else:
            draft.block(app.address, blocked)
        hold_app(draft, app, place, ground.network)
        return
    config = config_hash(app.container, image.pinned, app.port, question.inputs.secrets)
    ready = sealed(app._replace(image=image), config)
    plan_app(draft, ready, place, question.history, (*ground.network, *made, *needed))


def _image(observed: Observed, app: WantedApp) -> ImageRef | Blocked:
    """Return what the app runs, pinned to the digest that its tag has now if it is followed."""
    if app.task is not None or app.image.digest:
        return app.image
    seen: Observation[str] | None = observed.tags.get(str(app.image))
    if seen is None:
        return app.image
    if isinstance(seen, Unreachable):
        return Blocked("RegistryUnreachable", f"{seen.what}: {seen.why}")
    if isinstance(seen, Absent):
        why = f"the registry has no {app.image}, and no build task makes it"
        return Blocked("ImageMissing", why, fatal=True)
    return app.image.with_digest(seen.value)


def _gateway_obstacle(observed: Observed, app: WantedApp) -> Blocked | None:
    """Return why it is not known which container serves: replacing on a guess could cut it off."""
    seen = observed.gateways.get(app.target)
    if not isinstance(seen, Unreachable):
        return None
    return Blocked("GatewayUnreachable", f"{seen.what}: {seen.why}")


def _dependencies(draft: Draft, app: WantedApp) -> tuple[int, ...] | Blocked:
    needed: list[int] = []
    for address in app.depends_on:
        blocked = draft.blocked(address)
        if blocked is not None:
            return Blocked("DependencyNotReady", f"{address}: {blocked.message}")
        needed.extend(draft.ready(address))
    return tuple(needed)


def _in_order(apps: Mapping[Address, WantedApp]) -> Iterable[Address]:
    """Return the apps so that each comes after those it depends on."""
    if not any(app.depends_on for app in apps.values()):
        return apps
    graph = {
        address: [needed for needed in app.depends_on if needed in apps]
        for address, app in apps.items()
    }
    return TopologicalSorter(graph).static_order()


def _prune(draft: Draft, question: Question, grounds: Mapping[str, _Ground]) -> str:
    wanted = question.wanted
    left = [
        Left(target, orphans(wanted, target, ground.engine), tuple(ground.routes.values()))
        for target, ground in grounds.items()
    ]
    owners = {one.owner for place in left for one in place.containers if one.owner}
    why = unseen(wanted, question.observed, question.inputs)
    if why:
        if owners:
            names = ", ".join(map(str, sorted(owners)))
            draft.warn(f"{names}: not wanted there, and left until this can be looked at: {why}")
        return ""
    for place in left:
        plan_removals(draft, wanted, place)
    there = frozenset(owner for ground in grounds.values() for owner in ground.mine)
    gone = frozenset(owners - wanted.addresses)
    return "" if question.allow_mass_removal else refusal(wanted, gone, there)


def _describe_the_rest(draft: Draft, wanted: Wanted) -> None:
    """Say something about every resource: silence would read as not looked at."""
    for address in sorted(wanted.addresses):
        if not draft.mentions(address):
            words = {
                "Repository": "holds no containers; its tags are looked after by its build tasks",
                "Registry": "runs elsewhere",
                "Target": "no app runs there",
            }
            draft.sync(address, words.get(address.kind, "nothing to do"))
