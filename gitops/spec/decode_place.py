"""Targets, registries and repositories: where things run, and where images live."""

from __future__ import annotations

import ipaddress

from gitops.model.address import Address
from gitops.model.resources import (
    Gateway,
    ManagedRegistry,
    Metadata,
    PathStorage,
    Registry,
    Repository,
    Target,
    VolumeStorage,
)
from gitops.spec.findings import shown
from gitops.spec.scope import EMPTY, Scope, Spec

DEFAULT_REGISTRY = "registry:2"
DEFAULT_GATEWAY = Gateway(8080, "haproxy:lts", "127.0.0.1")
LOCAL = Target(Address("Target", "local"), Metadata(EMPTY, EMPTY), "", DEFAULT_GATEWAY)
"""The target that is there when none is declared."""


def decode_target(address: Address, metadata: Metadata, spec: Spec, scope: Scope) -> Target:
    """Return the target of a valid document."""
    gateway = spec.get("gateway", EMPTY)
    bind = gateway.get("bind", DEFAULT_GATEWAY.bind)
    try:
        ipaddress.ip_address(bind)
    except ValueError:
        hint = "write 127.0.0.1 for this machine only, or 0.0.0.0 for every address"
        scope.complain(("spec", "gateway", "bind"), f"{shown(bind)} is not an IP address", hint)
    return Target(
        address,
        metadata,
        spec.get("engine", ""),
        Gateway(
            int(gateway.get("http", DEFAULT_GATEWAY.http)),
            gateway.get("image", DEFAULT_GATEWAY.image),
            bind,
        ),
    )


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
