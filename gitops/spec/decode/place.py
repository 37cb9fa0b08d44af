"""Targets, registries and repositories: where things run, and where images live."""

from __future__ import annotations

import ipaddress

from gitops.model.address import Address
from gitops.model.metadata import Metadata
from gitops.model.resources import (
    LETS_ENCRYPT,
    Acme,
    Gateway,
    ManagedRegistry,
    PathStorage,
    Registry,
    Repository,
    Target,
    VolumeStorage,
)
from gitops.model.secret import FileSecret
from gitops.spec.findings import shown
from gitops.spec.scope import EMPTY, Scope, Spec

DEFAULT_REGISTRY = "registry:2"
DEFAULT_HTTPS = 8443
"""The port of HTTPS when a target names none and an app asks for TLS."""

DEFAULT_GATEWAY = Gateway(8080, "haproxy:lts", "127.0.0.1")
LOCAL = Target(Address("Target", "local"), Metadata(EMPTY, EMPTY), "", DEFAULT_GATEWAY)
"""The target that is there when none is declared."""


def decode_target(address: Address, metadata: Metadata, spec: Spec, scope: Scope) -> Target:
    """Return the target of a valid document."""
    gateway = spec.get("gateway", EMPTY)
    return Target(address, metadata, spec.get("engine", ""), _gateway(gateway, scope))


def _gateway(found: Spec, scope: Scope) -> Gateway:
    gateway = Gateway(
        int(found.get("http", DEFAULT_GATEWAY.http)),
        found.get("image", DEFAULT_GATEWAY.image),
        found.get("bind", DEFAULT_GATEWAY.bind),
        int(found.get("https", 0)),
        _acme(found["acme"], scope) if "acme" in found else None,
    )
    place = ("spec", "gateway")
    try:
        ipaddress.ip_address(gateway.bind)
    except ValueError:
        hint = "write 127.0.0.1 for this machine only, or 0.0.0.0 for every address"
        scope.complain((*place, "bind"), f"{shown(gateway.bind)} is not an IP address", hint)
    if gateway.http == (gateway.https or DEFAULT_HTTPS):
        message = f"{gateway.http} is the port of HTTPS"
        if not gateway.https:
            message += " when `https` is left out"
        scope.complain((*place, "http"), message, "give the two different ports")
    return gateway


def _acme(found: Spec, scope: Scope) -> Acme:
    root = FileSecret(scope.absolute(found["root"])) if "root" in found else None
    return Acme(found.get("directory", LETS_ENCRYPT), found.get("email", ""), root)


def decode_registry(address: Address, metadata: Metadata, spec: Spec, scope: Scope) -> Registry:
    """Return the registry of a valid document."""
    managed = None
    if "managed" in spec:
        managed = _managed(address, spec["managed"], scope)
        _loopback(spec["server"], scope)
    return Registry(
        address,
        metadata,
        spec["server"],
        managed,
        scope.credentials(spec["credentials"]) if "credentials" in spec else None,
    )


def _managed(address: Address, spec: Spec, scope: Scope) -> ManagedRegistry:
    storage = spec.get("storage", EMPTY)
    image = spec.get("image", DEFAULT_REGISTRY)
    if "path" in storage:
        return ManagedRegistry(image, PathStorage(scope.absolute(storage["path"])))
    volume = storage.get("volume", f"{scope.project}-{address.name}")
    return ManagedRegistry(image, VolumeStorage(volume))


def _loopback(server: str, scope: Scope) -> None:
    """Complain unless it is loopback: a registry of ours speaks HTTP, taken from there only."""
    host, _, port = server.partition(":")
    if host != "localhost" and not host.startswith("127."):
        hint = "write localhost:5000; a managed registry has no TLS yet"
        scope.complain(("spec", "server"), f"{shown(server)} is not on loopback", hint)
    elif not port or not 0 < int(port) < 65536:  # noqa: PLR2004 - the range of TCP ports
        hint = "write the port that the registry is to have, such as localhost:5000"
        scope.complain(("spec", "server"), f"{shown(server)} has no port", hint)


def decode_repository(
    address: Address, metadata: Metadata, spec: Spec, _scope: Scope
) -> Repository:
    """Return the repository of a valid document."""
    registry = Address("Registry", spec["registry"])
    return Repository(address, metadata, registry, spec.get("path", address.name))
