"""From what the user declared to what should be there: image names, containers, routes."""

from __future__ import annotations

from collections.abc import Mapping

from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.image import ImageRef, registry_of
from gitops.model.observed import Inputs
from gitops.model.resources import BuildTask, NamedImage, Repository, Target, WebApp
from gitops.model.wanted import Blocked, Wanted, WantedApp, WantedImage, WantedService
from gitops.plan.containers import app_container, gateway_service, network_name, registry_service
from gitops.plan.images import repository_name, task_of, wanted_image


def work_out(bundle: Bundle, inputs: Inputs) -> Wanted:
    """Return the whole wish. What cannot be known now is blocked, with the reason."""
    suspended = frozenset(
        address
        for address, resource in bundle.resources.items()
        if (pause := resource.metadata.suspend) and (not pause.until or pause.until > inputs.now)
    )
    home = default_target(bundle).address.name
    images = {task.address: wanted_image(bundle, task, inputs, home) for task in bundle.tasks}
    blocked = {
        found: image
        for found, image in images.items()
        if isinstance(image, Blocked) and found not in suspended
    }
    apps = {app.address: _app(bundle, app, inputs, images) for app in bundle.apps}
    blocked.update(
        {
            found: why
            for found, (_, why) in apps.items()
            if why is not None and found not in suspended
        }
    )
    return Wanted(
        project=bundle.project,
        addresses=frozenset(bundle.resources),
        images=tuple(image for image in images.values() if isinstance(image, WantedImage)),
        registries=_registries(bundle, suspended, home),
        gateways=_gateways(bundle),
        apps=tuple(app for app, _ in apps.values()),
        networks={app.target.name: network_name(bundle.project) for app in bundle.apps},
        blocked=blocked,
        suspended=suspended,
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
        for ref in (image.ref, *(ImageRef(image.ref.repository, tag) for tag in image.moving))
    }
    servers = {registry.server for registry in bundle.registries}
    of_apps = {
        app.image
        for app in wanted.apps
        if app.task is None
        and not app.image.digest
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


def _app(
    bundle: Bundle,
    app: WebApp,
    inputs: Inputs,
    images: Mapping[Address, WantedImage | Blocked],
) -> tuple[WantedApp, Blocked | None]:
    """Return the wish, and why it cannot be carried out now: the app is then held as it is."""
    name = _image_name(bundle, app)
    task = task_of(images, name)
    made = images.get(task) if task else _unknown_maker(bundle, name, images)
    wanted = WantedApp(
        address=app.address,
        target=app.target.name,
        image=made.ref if isinstance(made, WantedImage) else name,
        task=task,
        container=app_container(bundle, app),
        hosts=app.hosts,
        port=app.port,
        health=app.health,
        deploy=app.deploy,
        depends_on=app.depends_on,
        volumes=tuple(f"{bundle.project}-{mount.volume}" for mount in app.volumes if mount.volume),
        revision=made.commit if isinstance(made, WantedImage) else "",
    )
    missing = [
        inputs.secret_errors[value]
        for value in app.env.values()
        if not isinstance(value, str) and value in inputs.secret_errors
    ]
    if missing:
        return wanted, Blocked("SecretMissing", "; ".join(missing), fatal=True)
    return wanted, made if isinstance(made, Blocked) else None


def _unknown_maker(
    bundle: Bundle, name: ImageRef, images: Mapping[Address, WantedImage | Blocked]
) -> Blocked | None:
    """Return why the task that makes the image of that name cannot say which one that is, if so.

    Taking the digest that the tag has now would be a guess, and would replace a container that a
    later look finds right.
    """
    for address, image in images.items():
        task = bundle.resources[address]
        if not isinstance(image, Blocked) or not isinstance(task, BuildTask):
            continue
        repository = bundle.resources[task.repository]
        if not isinstance(repository, Repository):
            continue
        moving = (*(("latest",) if task.latest else ()), *task.tags)
        if repository_name(bundle, repository) == name.repository and name.tag in moving:
            return Blocked("ImageUnknown", f"{task.address}: {image.message}")
    return None


def _image_name(bundle: Bundle, app: WebApp) -> ImageRef:
    if isinstance(app.image, NamedImage):
        return ImageRef(app.image.name, app.image.tag, app.image.digest)
    repository = bundle.resources[app.image.repository]
    if not isinstance(repository, Repository):
        raise TypeError(f"{app.image.repository} is not a repository")
    return ImageRef(repository_name(bundle, repository), app.image.tag)
