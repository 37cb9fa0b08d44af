"""What a plan is made on: each engine that could be looked at, sorted by what belongs together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.observed import LABEL_PROJECT, EngineSnapshot, Inputs, Observed, ObservedContainer
from gitops.model.outcomes import Absent, Found, Unreachable
from gitops.model.plan import History
from gitops.model.routes import Route
from gitops.model.wanted import Blocked, Wanted, WantedApp
from gitops.plan.containers import certificates_volume
from gitops.plan.deploys.content import slot_address
from gitops.plan.deploys.holds import Notes, by_topic
from gitops.plan.deploys.place import Place
from gitops.plan.deploys.sickness import sick
from gitops.plan.draft import Draft
from gitops.plan.routes import routes_now, without_certificate


class Question(NamedTuple):
    """All that a plan depends on. `allow_mass_removal` is the user's word that it is meant."""

    wanted: Wanted
    observed: Observed
    history: History
    inputs: Inputs
    allow_mass_removal: bool = False


class Ground(NamedTuple):
    """One engine that could be looked at, sorted for the planner."""

    target: str
    engine: EngineSnapshot
    mine: Mapping[Address, tuple[ObservedContainer, ...]]
    names: frozenset[str]
    routes: Mapping[str, Route]
    notes: Notes
    sick: Mapping[str, str]
    network: tuple[int, ...] = ()
    """The steps after which the project's network is there."""


def survey(draft: Draft, question: Question) -> dict[str, Ground]:
    """Return the grounds; what is on an engine that cannot be looked at is blocked."""
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
        notes = by_topic(seen.value.notes)
        state = question.observed.gateways.get(target, Absent())
        routes = routes_now(apps, frozen, state, notes)
        volume = certificates_volume(question.wanted.project, target)
        if volume not in seen.value.volumes:
            routes = {name: without_certificate(route) for name, route in routes.items()}
        grounds[target] = Ground(
            target,
            seen.value,
            frozen,
            names,
            routes,
            notes,
            sick(apps, frozen, question.observed.health.get(target, ())),
        )
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


def place_of(project: str, ground: Ground, app: WantedApp) -> Place:
    """Return what stands where an app belongs."""
    mine = ground.mine.get(app.address, ())
    return Place(
        project,
        mine,
        ground.routes.get(app.address.name),
        ground.names,
        ground.engine.volumes,
        notes=ground.notes,
        sick={one.name: ground.sick[one.name] for one in mine if one.name in ground.sick},
    )


def groups(
    question: Question,
    grounds: Mapping[str, Ground],
    order: Iterable[Address],
    apps: Mapping[Address, WantedApp],
) -> Iterable[tuple[WantedApp, ...]]:
    """Give the apps to be planned, in order; two that change contents come together."""
    seen: set[Address] = set()
    for address in order:
        app = apps[address]
        if address in seen or app.target not in grounds or address in question.wanted.suspended:
            continue
        twin = _twin(question.wanted.project, grounds[app.target], app, apps)
        group = (app,) if twin is None or twin.address in seen else (app, twin)
        seen.update(one.address for one in group)
        yield group


def _twin(
    project: str, ground: Ground, app: WantedApp, apps: Mapping[Address, WantedApp]
) -> WantedApp | None:
    """Return the place that `app` changes contents with now, if both have yet to change."""
    if not _moves(project, ground, app):
        return None
    production = Address("WebApp", app.address.name.removesuffix(f"-{app.spec.slot}"))
    slot = app.line or place_of(project, ground, app).line(app.spec.slot)
    twin = apps.get(production if app.spec.slot else slot_address(app.address, slot or ""))
    return twin if twin is not None and twin != app and _moves(project, ground, twin) else None


def _moves(project: str, ground: Ground, app: WantedApp) -> bool:
    """Say whether what serves in a place is another line's than is wanted there."""
    line = place_of(project, ground, app).line(app.spec.slot)
    return line is not None and line != app.line
