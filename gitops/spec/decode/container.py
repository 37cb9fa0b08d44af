"""What each container has, of an app, a slot or a sidecar: image, command, env, storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gitops.model.address import Address
from gitops.model.secret import SecretRef
from gitops.model.webapp import Mount, NamedImage, RepositoryImage, Resources
from gitops.spec.findings import Path, shown
from gitops.spec.scope import Scope, Spec, text
from gitops.spec.units import SMALLEST_MEMORY, size

NO_LIMITS = Resources()


def decode_image(image: Spec) -> RepositoryImage | NamedImage:
    """Return an image of a repository, or one by its full name."""
    if "repository" in image:
        repository = Address("Repository", image["repository"])
        return RepositoryImage(repository, text(image.get("tag", "latest")))
    if "digest" in image:
        return NamedImage(image["name"], "", image["digest"])
    return NamedImage(image["name"], text(image.get("tag", "latest")), "")


def decode_command(found: Sequence[Any]) -> tuple[str, ...]:
    """Return a command and its arguments, as they were written."""
    return tuple([text(part) for part in found])


def decode_env(env: Spec, scope: Scope) -> Mapping[str, str | SecretRef]:
    """Return variables with their texts, or where their secrets are read from."""
    return {
        key: scope.secret(value) if isinstance(value, dict) else text(value)
        for key, value in env.items()
    }


def decode_volumes(found: Sequence[Spec], scope: Scope) -> tuple[Mount, ...]:
    """Return the storage of a container."""
    return tuple([_mount(volume, scope) for volume in found])


def _mount(found: Spec, scope: Scope) -> Mount:
    path = found.get("path", "")
    return Mount(
        found["mount"],
        found.get("name", ""),
        scope.absolute(path) if path else "",
        found.get("readOnly", False),
        found.get("shared", False),
    )


def decode_resources(found: Spec, path: Path, scope: Scope) -> Resources:
    """Return the limits that stand at `path`."""
    memory = size(found["memory"]) if "memory" in found else 0
    if 0 < memory < SMALLEST_MEMORY:
        hint = "write 6Mi or more: the engine takes no smaller limit"
        scope.complain((*path, "memory"), f"{shown(found['memory'])} is too little", hint)
    return Resources(float(found.get("cpus", 0.0)), memory)
