"""What the containers of a registry, a gateway and an app are made of."""

from __future__ import annotations

from collections.abc import Collection

from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.image import ImageRef, parse_image
from gitops.model.observed import LABEL_KIND, LABEL_NAME, LABEL_PROJECT, LABEL_SIDECAR
from gitops.model.resources import (
    ManagedRegistry,
    PathStorage,
    Registry,
    Target,
    VolumeStorage,
)
from gitops.model.revisions import Content
from gitops.model.secret import EnvSecret
from gitops.model.wanted import EngineCheck, PublishedPort, WantedContainer, WantedService
from gitops.model.webapp import Health, Mount, Resources, Runtime, Sidecar, WebApp
from gitops.plan.fingerprint import config_hash

GATEWAY_PORT = 8080
"""The port inside the gateway's container; the published one is the target's."""

GATEWAY_TLS_PORT = 8443

CERTIFICATES = "/etc/gitops/certificates"
"""Where the gateway's container has its certificates: a volume, so that they outlive it."""

DEFAULT_HTTPS = 8443
"""The published port for HTTPS where the target names none."""

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
        network=f"{bundle.project}-registry-{registry.address.name}",
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
        ports=_gateway_ports(bundle, target),
        mounts=(Mount(CERTIFICATES, volume=certificates_volume(bundle.project, name)),),
        labels=owner_labels(bundle.project, target.address),
        network=network_name(bundle.project),
        aliases=(),
        resources=_NONE,
        config="",
    )
    # The token is new with each container, so it takes no part in the hash.
    sealed = _sealed(container._replace(env=()))
    volume = certificates_volume(bundle.project, name)
    return WantedService(target.address, name, sealed._replace(env=container.env), volume)


def _gateway_ports(bundle: Bundle, target: Target) -> tuple[PublishedPort, ...]:
    """Return the ports of a gateway; one for HTTPS once the target or an app asks for it."""
    gateway = target.gateway
    secure = any(app.front.tls for app in bundle.apps if app.target == target.address)
    https = gateway.https or (DEFAULT_HTTPS if secure else 0)
    ports = [PublishedPort(gateway.bind, gateway.http, GATEWAY_PORT)]
    if https:
        ports.append(PublishedPort(gateway.bind, https, GATEWAY_TLS_PORT))
    return tuple(ports)


def certificates_volume(project: str, target: str) -> str:
    """Return the volume that keeps a gateway's certificates."""
    return f"{project}-gateway-certificates" + ("" if target == "local" else f"-{target}")


def app_container(project: str, place: WebApp, content: Content) -> WantedContainer:
    """Return the container of an app; its image, name and config hash come with the plan."""
    runtime = content.runtime
    return WantedContainer(
        name="",
        owner=place.address,
        image=content.image,
        entrypoint=(),
        command=runtime.command,
        env=tuple(sorted(runtime.env.items(), key=lambda pair: pair[0])),
        ports=(),
        mounts=_mounts(project, place, runtime.volumes),
        labels={**dict(runtime.labels), **owner_labels(project, place.address)},
        network=network_name(project),
        aliases=(place.address.name,),
        resources=runtime.resources,
        config="",
        env_files=runtime.env_files,
        files=runtime.files,
        confinement=runtime.confinement,
        check=_check(runtime.health),
        networks=runtime.networks,
    )


def sidecar_container(
    project: str, place: WebApp, sidecar: Sidecar, image: ImageRef
) -> WantedContainer:
    """Return the container of a sidecar; with which replica it goes comes with the plan."""
    return WantedContainer(
        name="",
        owner=place.address,
        image=image,
        entrypoint=(),
        command=sidecar.command,
        env=tuple(sorted(sidecar.env.items(), key=lambda pair: pair[0])),
        ports=(),
        mounts=_mounts(project, place, sidecar.volumes),
        labels={**owner_labels(project, place.address), LABEL_SIDECAR: sidecar.name},
        network=network_name(project),
        aliases=(),
        resources=sidecar.resources,
        config="",
    )


def volume_names(project: str, place: WebApp, runtime: Runtime) -> tuple[str, ...]:
    """Return the volumes of the engine that a content needs in a place."""
    mounts = [*runtime.volumes, *(one for each in runtime.sidecars for one in each.volumes)]
    found = (mount.volume for mount in _mounts(project, place, tuple(mounts)) if mount.volume)
    return tuple(dict.fromkeys(found))


def _mounts(project: str, place: WebApp, mounts: tuple[Mount, ...]) -> tuple[Mount, ...]:
    """Return mounts of volumes of the engine. A slot's are its own: production's stay untouched."""
    tail = f"-{place.slot}" if place.slot else ""
    return tuple(
        mount._replace(volume=f"{project}-{mount.volume}{tail}") if mount.volume else mount
        for mount in mounts
    )


def _check(health: Health) -> EngineCheck | None:
    """Return the check that the engine has to make, since no one else can run a command there."""
    if not health.command:
        return None
    return EngineCheck(
        health.command, health.interval, health.timeout, health.failures, health.deadline
    )


def network_name(project: str) -> str:
    """Return the name of the project's network."""
    return f"{project}-gitops"


def _sealed(container: WantedContainer) -> WantedContainer:
    config = config_hash(container, str(container.image), 0, {})
    return container._replace(config=config)


def free_name(stem: str, taken: Collection[str], beside: Collection[str] = ()) -> str:
    """Return `stem`, or with a number behind it, so that it is nobody else's name.

    Nor are the names that are made of it for what stands `beside` it, `NAME-BESIDE`.
    """
    name, count = stem, 1
    while name in taken or any(f"{name}-{other}" in taken for other in beside):
        count += 1
        name = f"{stem}-{count}"
    return name
