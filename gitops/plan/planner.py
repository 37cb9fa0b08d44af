"""The one decision: from what is wanted, what is there and what is remembered to a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter

from gitops.model.address import Address
from gitops.model.image import ImageRef
from gitops.model.observed import Observed
from gitops.model.outcomes import Absent, Found, Observation, Unreachable
from gitops.model.plan import Plan
from gitops.model.wanted import Blocked, Wanted, WantedApp
from gitops.plan.builds.images import TAG_PREFIX
from gitops.plan.builds.making import plan_image
from gitops.plan.deploys.resort import hold_app, sealed, wait_for
from gitops.plan.deploys.workloads import Order, plan_apps
from gitops.plan.draft import Draft
from gitops.plan.files import needless
from gitops.plan.fingerprint import config_hash
from gitops.plan.grounds import Ground, Question, groups, place_of, survey
from gitops.plan.prune import Left, orphan_networks, orphans, plan_removals, refusal, unseen
from gitops.plan.services import plan_gateway, plan_network, plan_registry

SUSPENDED = "BuildSuspended"
"""The reason of an app that waits because the user said so: it is at rest, not in trouble."""


def make_plan(question: Question) -> Plan:
    """Return what has to be done; the same question always gives the same plan."""
    wanted = question.wanted
    draft = Draft(wanted.project)
    for address, blocked in wanted.blocked.items():
        draft.block(address, blocked)
    for address in sorted(wanted.suspended):
        draft.suspend(address, "suspend is set")
    for warning in wanted.warnings:
        draft.warn(warning)
    grounds = survey(draft, question)
    networks = _plan_services(draft, question, grounds)
    images = _plan_images(draft, question)
    apps = {app.address: app for app in wanted.apps}
    for group in groups(question, grounds, _in_order(apps), apps):
        _plan_group(draft, question, grounds[group[0].target], group, images, networks)
    refused = _prune(draft, question, grounds)
    _describe_the_rest(draft, wanted)
    return draft.finish(refused)


def _plan_services(
    draft: Draft, question: Question, grounds: Mapping[str, Ground]
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
        because = "the gateway and the apps meet there"
        networks[service.target] = plan_network(draft, service, ground.engine, because)
        state = question.observed.gateways.get(service.target, Absent())
        plan_gateway(draft, service, ground.engine, state, tuple(ground.routes.values()))
    return networks


def _plan_images(draft: Draft, question: Question) -> dict[Address, tuple[int, ...] | Blocked]:
    ready: dict[Address, tuple[int, ...] | Blocked] = {}
    made: dict[ImageRef, tuple[int, ...] | Blocked] = {}
    for image in question.wanted.images:
        blocked = draft.blocked(image.task) or draft.blocked(image.owner)
        if blocked is not None:
            ready[image.task] = draft.lack(image.task, blocked)
        elif image.owner in question.wanted.suspended:
            seen = question.observed.tags.get(str(image.ref))
            known = isinstance(seen, Found) or not image.pushes
            why = f"{image.task} is suspended, and its image is not in the registry"
            ready[image.task] = () if known else draft.lack(image.task, Blocked(SUSPENDED, why))
        else:
            ready[image.task] = made[image.ref] = plan_image(
                draft, image, question.observed, question.history, made
            )
    return ready


def _plan_group(
    draft: Draft,
    question: Question,
    ground: Ground,
    group: tuple[WantedApp, ...],
    images: Mapping[Address, tuple[int, ...] | Blocked],
    networks: Mapping[str, tuple[int, ...]],
) -> None:
    gateway = draft.ready(Address("Target", ground.target))
    network = networks.get(ground.target, ())
    orders: list[Order] = []
    for app in group:
        place = place_of(question.wanted.project, ground, app)._replace(
            gateway=gateway,
            mended=question.history.mended.get(app.address, 0),
            now=question.inputs.now,
        )
        order = _order(draft, question, Order(app, place, network), images)
        if order is not None:
            orders.append(order)
    if len(orders) == len(group):
        plan_apps(draft, orders, question.history, question.inputs.secrets)
    else:
        for order in orders:
            twin = next(one for one in group if one.address != order.app.address)
            wait_for(draft, order.app, twin)
            hold_app(draft, order.app, order.place, order.after)


def _order(
    draft: Draft,
    question: Question,
    order: Order,
    images: Mapping[Address, tuple[int, ...] | Blocked],
) -> Order | None:
    """Return the order with its exact image and what it comes after; none when that is not known.

    The app is then held as it is, and the draft says why.
    """
    app = order.app
    obstacle = draft.blocked(app.address) or _gateway_obstacle(question.observed, app)
    image = obstacle or _image(question.observed, app)
    made = images.get(app.task, ()) if app.task else _made(question.wanted, app, images)
    needed = _dependencies(draft, app)
    if isinstance(image, Blocked) or isinstance(made, Blocked) or isinstance(needed, Blocked):
        blocked = next(one for one in (image, made, needed) if isinstance(one, Blocked))
        if blocked.reason == SUSPENDED:
            draft.suspend(app.address, blocked.message)
        else:
            draft.block(app.address, blocked)
        hold_app(draft, app, order.place, order.after)
        return None
    secrets = question.inputs.secrets
    exact = app.container._replace(image=image)
    config = config_hash(exact, image.pinned, app.port, secrets, app.sidecars)
    content = app.content._replace(image=image)
    ready = sealed(app._replace(image=image, content=content), config)
    return Order(ready, order.place, (*order.after, *made, *needed))


def _made(
    wanted: Wanted, app: WantedApp, images: Mapping[Address, tuple[int, ...] | Blocked]
) -> tuple[int, ...]:
    """Return the steps that make the image of a held app: a task may still make the same one."""
    found = (images[one.task] for one in wanted.images if one.ref == app.image)
    return tuple(step for steps in found if not isinstance(steps, Blocked) for step in steps)


def _image(observed: Observed, app: WantedApp) -> ImageRef | Blocked:
    """Return what the app runs, pinned to the digest that its tag has now if it is followed."""
    if app.task is not None or app.image.digest or app.image.tag.startswith(TAG_PREFIX):
        # Named by what it was made from: the name is exact, and a held app's is the same as then.
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
            return blocked.holds_up(address)
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


def _prune(draft: Draft, question: Question, grounds: Mapping[str, Ground]) -> str:
    wanted = question.wanted
    left = [
        Left(
            target,
            orphans(wanted, target, ground.engine),
            tuple(ground.routes.values()),
            ground.engine.notes,
            tuple(needless(wanted, ground.engine)),
            orphan_networks(wanted, target, ground.engine),
        )
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
