"""From what the user declared to what should be there: image names, containers, routes."""

from __future__ import annotations

from collections.abc import Mapping

from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.image import ImageRef, registry_of
from gitops.model.observed import Inputs
from gitops.model.resources import Target
from gitops.model.wanted import Blocked, Wanted, WantedApp, WantedImage, WantedService
from gitops.plan.builds.images import TAG_PREFIX, wanted_images
from gitops.plan.builds.unfollowed import unfollowed
from gitops.plan.containers import gateway_service, registry_service
from gitops.plan.deploys.apps import wanted_apps
from gitops.plan.deploys.holds import Notes


def work_out(bundle: Bundle, inputs: Inputs, notes: Mapping[str, Notes]) -> Wanted:
    """Return the whole wish. What cannot be known now is blocked, with the reason.

    `notes` are those of each target's engine.
    """
    home = default_target(bundle).address.name
    images = wanted_images(bundle, inputs, home)
    apps = [
        each
        for app in bundle.apps
        for each in wanted_apps(bundle, app, inputs, images, notes.get(app.target.name, {}))
    ]
    suspended = _suspended(bundle, [app for app, _ in apps], inputs)
    blocked: dict[Address, Blocked] = {
        found: image for found, image in images.items() if isinstance(image, Blocked)
    }
    blocked |= {app.address: why for app, why in apps if why is not None}
    return Wanted(
        project=bundle.project,
        addresses=frozenset((*bundle.resources, *(app.address for app, _ in apps), *images)),
        images=tuple(image for image in images.values() if isinstance(image, WantedImage)),
        registries=_registries(bundle, suspended, home),
        gateways=_gateways(bundle),
        apps=tuple(app for app, _ in apps),
        blocked={found: why for found, why in blocked.items() if found not in suspended},
        suspended=suspended,
        warnings=tuple(unfollowed(bundle, inputs)),
    )


def _suspended(bundle: Bundle, apps: list[WantedApp], inputs: Inputs) -> frozenset[Address]:
    """Return what the user wants left as it is; a slot rests with its app."""
    every = {
        **{address: resource.metadata for address, resource in bundle.resources.items()},
        **{app.address: app.spec.metadata for app in apps},
    }
    return frozenset(
        address
        for address, metadata in every.items()
        if (pause := metadata.suspend) and (not pause.until or pause.until > inputs.now)
    )


def default_target(bundle: Bundle) -> Target:
    """Return where builds and managed registries run: `local`, or the only target there is."""
    targets = bundle.targets
    return next((found for found in targets if found.address.name == "local"), targets[0])


def lookups(wanted: Wanted, bundle: Bundle) -> frozenset[ImageRef]:
    """Return every tag whose digest a plan depends on."""
    of_tasks = {
        ref
        for image in wanted.images
        if image.pushes
        for ref in (image.ref, *(ImageRef(image.ref.repository, tag) for tag in image.moving))
    }
    servers = {registry.server for registry in bundle.registries}
    of_apps = {
        app.image
        for app in wanted.apps
        if app.task is None
        and not app.image.digest
        and not app.image.tag.startswith(TAG_PREFIX)
        and registry_of(app.image.repository)[0] in servers
    }
    return frozenset(of_tasks | of_apps)


def _registries(
    bundle: Bundle, suspended: frozenset[Address], home: str
) -> tuple[WantedService, ...]:
    return tuple(
        registry_service(bundle, registry, registry.managed, home)
        for registry in bundle.registries
        if registry.managed is not None and registry.address not in suspended
    )


def _gateways(bundle: Bundle) -> tuple[WantedService, ...]:
    used = {app.target for app in bundle.apps}
    return tuple(
        gateway_service(bundle, target) for target in bundle.targets if target.address in used
    )
