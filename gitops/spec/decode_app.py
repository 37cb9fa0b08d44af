"""Web apps: an image, running and reachable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os.path import normpath

from gitops.model.address import Address
from gitops.model.resources import (
    Deploy,
    Health,
    Metadata,
    Mount,
    NamedImage,
    RepositoryImage,
    Resources,
    WebApp,
)
from gitops.model.secret import SecretRef
from gitops.spec.findings import shown
from gitops.spec.scope import EMPTY, Scope, Spec, text
from gitops.spec.units import size, statuses

DEFAULT_TARGET = Address("Target", "")
"""Stands for the target of an app that names none, until all targets are known."""

# With no path of the app's own, only an error of the server says that it is not well.
ANY_ANSWER = ((200, 499),)
SMALLEST_MEMORY = 6 * 2**20
_NO_LIMITS = Resources()


def decode_app(address: Address, metadata: Metadata, spec: Spec, scope: Scope) -> WebApp:
    """Return the web app of a valid document; a target that is left out is `DEFAULT_TARGET`."""
    target = spec.get("target")
    return WebApp(
        address,
        metadata,
        image=_image(spec["image"]),
        command=tuple([text(part) for part in spec.get("command", ())]),
        port=int(spec.get("port", 0)),
        hosts=_hosts(address.name, spec),
        env=_env(spec.get("env", EMPTY), scope),
        volumes=_mounts(spec["volumes"], scope) if "volumes" in spec else (),
        resources=_resources(spec["resources"], scope) if "resources" in spec else _NO_LIMITS,
        health=_health(spec.get("health", EMPTY), scope),
        deploy=_deploy(spec.get("deploy", EMPTY), scope),
        depends_on=tuple([Address(*name.split("/")) for name in spec.get("dependsOn", ())]),
        target=Address("Target", target) if target else DEFAULT_TARGET,
    )


def _image(image: Spec) -> RepositoryImage | NamedImage:
    if "repository" in image:
        repository = Address("Repository", image["repository"])
        return RepositoryImage(repository, text(image.get("tag", "latest")))
    if "digest" in image:
        return NamedImage(image["name"], "", image["digest"])
    return NamedImage(image["name"], text(image.get("tag", "latest")), "")


def _hosts(name: str, spec: Spec) -> tuple[str, ...]:
    if "hosts" in spec:
        return tuple(spec["hosts"])
    return (spec.get("host") or f"{name}.localhost",)


def _env(env: Spec, scope: Scope) -> Mapping[str, str | SecretRef]:
    return {
        key: scope.secret(value) if isinstance(value, dict) else text(value)
        for key, value in env.items()
    }


def _mounts(found: Sequence[Spec], scope: Scope) -> tuple[Mount, ...]:
    mounts = tuple([_mount(volume, scope) for volume in found])
    taken = {"/"}
    for number, mount in enumerate(mounts):
        place = normpath(mount.mount)
        if place in taken:
            path = ("spec", "volumes", number, "mount")
            what = "the root of the container" if place == "/" else "taken by another volume"
            scope.complain(path, f"{mount.mount} is {what}", "mount it at a path of its own")
        taken.add(place)
    return mounts


def _mount(found: Spec, scope: Scope) -> Mount:
    path = found.get("path", "")
    return Mount(
        found["mount"],
        found.get("name", ""),
        scope.absolute(path) if path else "",
        found.get("readOnly", False),
    )


def _resources(found: Spec, scope: Scope) -> Resources:
    memory = size(found["memory"]) if "memory" in found else 0
    if 0 < memory < SMALLEST_MEMORY:
        hint = "write 6Mi or more: the engine takes no smaller limit"
        path = ("spec", "resources", "memory")
        scope.complain(path, f"{shown(found['memory'])} is too little", hint)
    return Resources(float(found.get("cpus", 0.0)), memory)


def _health(found: Spec, scope: Scope) -> Health:
    asked = "200-299" if "path" in found else ""
    given = found.get("statuses", asked)
    wanted = given if isinstance(given, str) else str(int(given))
    ranges = statuses(wanted) if wanted else ANY_ANSWER
    place = ("spec", "health")
    for low, high in ranges:
        if low > high:
            hint = f"write {high}-{low}"
            scope.complain((*place, "statuses"), f"{low}-{high} is an empty range", hint)
    health = Health(
        found.get("path", "/"),
        ranges,
        scope.duration(found, (*place, "interval"), "1s"),
        scope.duration(found, (*place, "timeout"), "5s"),
        scope.duration(found, (*place, "deadline"), "230s"),
        scope.duration(found, (*place, "stableFor"), "5s"),
    )
    if health.stable_for >= health.deadline:
        message = f"stableFor ({health.stable_for:g}s) is not shorter than deadline"
        hint = f"make deadline longer than {health.stable_for:g}s, or stableFor shorter"
        scope.complain(place, f"{message} ({health.deadline:g}s)", hint)
    return health


def _deploy(found: Spec, scope: Scope) -> Deploy:
    place = ("spec", "deploy")
    return Deploy(
        found.get("order", ""),
        scope.duration(found, (*place, "drain"), "30s"),
        scope.duration(found, (*place, "stop"), "10s"),
    )
