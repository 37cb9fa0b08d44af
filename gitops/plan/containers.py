"""What the containers of a registry, a gateway and an app are made of."""

from __future__ import annotations

from collections.abc import Collection

from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.image import ImageRef, parse_image
from gitops.model.observed import LABEL_KIND, LABEL_NAME, LABEL_PROJECT
from gitops.model.resources import (
    ManagedRegistry,
    Mount,
    PathStorage,
    Registry,
    Resources,
    Target,
    VolumeStorage,
    WebApp,
)
from gitops.model.secret import EnvSecret
from gitops.model.wanted import PublishedPort, WantedContainer, WantedService
from gitops.plan.fingerprint import config_hash

GATEWAY_PORT = 8080
"""The port inside the gateway's container; the published one is the target's."""

PROBE_TOKEN = "GITOPS_PROBE_TOKEN"  # noqa: S105 - a variable's name; its value is made at creation

_NONE = Resources()


def owner_labels(project: str, owner: Address) -> dict[str, str]:
    """Return the labels that say whose a thing is."""
    return {LABEL_PROJECT: project, LABEL_KIND: owner.kind, LABEL_NAME: owner.name}


def registry_service(
    bundle: Bundle, registry: Registry, managed: ManagedRegistry, target: str
) -> WantedService:
    """Return the container of a managed registry: CNCF Distribution on a loopback port."""
    bind, _, port = registry.server.rpartition(":")
    storage = managed.storage
    mount = (
        Mount("/var/lib/registry", path=storage.path)
        if isinstance(storage, PathStorage)
        else Mount("/var/lib/registry", volume=storage.volume)
    )
    container = WantedContainer(
        name=f"{bundle.project}-registry-{registry.address.name}",
        owner=registry.address,
        image=parse_image(managed.image),
        # Both the official image and one made of a distribution's package have this binary and
        # this file; the official entry point script is not in the latter.
        entrypoint=("registry", "serve"),
        command=("/etc/docker/registry/config.yml",),
        env=(),
        ports=(PublishedPort("127.0.0.1" if bind == "localhost" else bind, int(port), 5000),),
        mounts=(mount,),
        labels=owner_labels(bundle.project, registry.address),
        network="bridge",
        aliases=(),
        resources=_NONE,
        config="",
    )
    volume = storage.volume if isinstance(storage, VolumeStorage) else ""
    return WantedService(registry.address, target, _sealed(container), volume)


def gateway_service(bundle: Bundle, target: Target) -> WantedService:
    """Return the container of a target's gateway: HAProxy in master-worker mode."""
    name = target.address.name
    container = WantedContainer(
        name=f"{bundle.project}-gateway" + ("" if name == "local" else f"-{name}"),
        owner=target.address,
        image=parse_image(target.gateway.image),
        entrypoint=("haproxy",),
        command=("-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"),
        env=((PROBE_TOKEN, EnvSecret(PROBE_TOKEN)),),
        ports=(PublishedPort(target.gateway.bind, target.gateway.http, GATEWAY_PORT),),
        mounts=(),
        labels=owner_labels(bundle.project, target.address),
        network=network_name(bundle.project),
        aliases=(),
        resources=_NONE,
        config="",
    )
    # The token is new with each container, so it takes no part in the hash.
    sealed = _sealed(container._replace(env=()))
    return WantedService(target.address, name, sealed._replace(env=container.env), "")


def app_container(bundle: Bundle, app: WebApp) -> WantedContainer:
    """Return the container of an app; its image, name and config hash come with the plan."""
    return WantedContainer(
        name="",
        owner=app.address,
        image=ImageRef(""),
        entrypoint=(),
        command=app.command,
        env=tuple(sorted(app.env.items(), key=lambda pair: pair[0])),
        ports=(),
        mounts=tuple(
            mount._replace(volume=f"{bundle.project}-{mount.volume}") if mount.volume else mount
            for mount in app.volumes
        ),
        labels=owner_labels(bundle.project, app.address),
        network=network_name(bundle.project),
        aliases=(app.address.name,),
        resources=app.resources,
        config="",
    )


def network_name(project: str) -> str:
    """Return the name of the project's network."""
    return f"{project}-gitops"


def _sealed(container: WantedContainer) -> WantedContainer:
    config = config_hash(container, str(container.image), 0, {})
    return container._replace(config=config)


def free_name(stem: str, taken: Collection[str]) -> str:
    """Return `stem`, or with a number behind it, so that it is nobody else's name."""
    name, count = stem, 1
    while name in taken:
        count += 1
        name = f"{stem}-{count}"
    return name
