"""Looks at engines, gateways and registries: one snapshot, before anything is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gitops.drivers.base import DriverError
from gitops.engine.looks.together import together
from gitops.engine.ports import Site, World
from gitops.model.bundle import Bundle
from gitops.model.image import ImageRef, registry_of
from gitops.model.observed import LABEL_PROJECT, EngineSnapshot, GatewayState, Observed
from gitops.model.outcomes import Absent, Found, Observation, Unreachable
from gitops.model.routes import ServerHealth
from gitops.model.wanted import WantedService
from gitops.plan.deploys.holds import Notes, by_topic

Snapshots = Mapping[str, Observation[EngineSnapshot]]


def observe_engines(project: str, sites: Mapping[str, Site]) -> Snapshots:
    """Return a snapshot of each target's engine."""

    def look(name: str, site: Site) -> Callable[[], Observation[EngineSnapshot]]:
        def call() -> Observation[EngineSnapshot]:
            try:
                return Found(site.reader.snapshot(project))
            except DriverError as error:
                return Unreachable(f"the engine of target {name}", str(error))

        return call

    return together({name: look(name, site) for name, site in sites.items()})


def notes_of(engines: Snapshots) -> Mapping[str, Notes]:
    """Return the notes of each engine that could be looked at."""
    return {
        target: by_topic(seen.value.notes)
        for target, seen in engines.items()
        if isinstance(seen, Found)
    }


def observe(
    bundle: Bundle,
    world: World,
    engines: Snapshots,
    gateways: Iterable[WantedService],
    images: Iterable[ImageRef],
) -> Observed:
    """Return all that was seen: `engines` as they are, and now gateways and tags."""
    states = {
        service.target: _gateway(service, world.sites[service.target], engines[service.target])
        for service in gateways
        if service.target in world.sites
    }
    return Observed(
        engines,
        {target: state for target, (state, _) in states.items()},
        _tags(bundle, world, engines, images),
        {target: health for target, (_, health) in states.items()},
    )


def _gateway(
    service: WantedService, site: Site, seen: Observation[EngineSnapshot]
) -> tuple[Observation[GatewayState], tuple[ServerHealth, ...]]:
    if not isinstance(seen, Found):
        why = "its engine is not reachable"
        return Unreachable(f"the gateway of {service.address}", why), ()
    for container in seen.value.containers:
        if (
            container.owner == service.address
            and container.labels.get(LABEL_PROJECT) == service.container.labels[LABEL_PROJECT]
        ):
            try:
                state = site.gateways.state(container.name)
                health = site.gateways.health(container.name) if state.routes else ()
            except DriverError as error:
                return Unreachable(container.name, str(error)), ()
            return Found(state), health
    return Absent("no container"), ()


def _tags(
    bundle: Bundle, world: World, engines: Snapshots, images: Iterable[ImageRef]
) -> Mapping[str, Observation[str]]:
    known = {server: found for server, found in _known_servers(bundle, engines) if found}
    tags: dict[str, Observation[str]] = {}
    ask: list[ImageRef] = []
    for image in images:
        answer = known.get(registry_of(image.repository)[0])
        if answer is None:
            ask.append(image)
        else:
            tags[str(image)] = answer
    tags.update(world.registries.digests(ask) if ask else {})
    return tags


def _known_servers(
    bundle: Bundle, engines: Snapshots
) -> Iterable[tuple[str, Absent | Unreachable | None]]:
    """Give for each managed registry what is known of all its tags without asking it.

    One that has neither container nor volume is empty: that is looked at, not guessed. One that
    does not run may hold anything.
    """
    for registry in bundle.registries:
        if registry.managed is None:
            continue
        seen = [engine.value for engine in engines.values() if isinstance(engine, Found)]
        mine = [
            container
            for engine in seen
            for container in engine.containers
            if container.owner == registry.address
            and container.labels.get(LABEL_PROJECT) == bundle.project
        ]
        volume = getattr(registry.managed.storage, "volume", None)
        there = any(volume in engine.volumes for engine in seen)
        if len(seen) < len(engines):
            yield registry.server, Unreachable(registry.server, "its engine is not reachable")
        elif not mine and volume is not None and not there:
            yield registry.server, Absent(f"{registry.address} is not there yet")
        elif not any(container.running for container in mine):
            yield registry.server, Unreachable(registry.server, "the registry does not run yet")
