"""What one replica of an app is made of, less its image."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from decimal import Decimal

from gitops.model.secret import FileSecret
from gitops.model.webapp import Confinement, Runtime, Sidecar, Tmpfs
from gitops.spec.decode.container import (
    NO_LIMITS,
    decode_command,
    decode_env,
    decode_image,
    decode_resources,
    decode_volumes,
)
from gitops.spec.decode.files import decode_files
from gitops.spec.decode.health import PLAIN, decode_health
from gitops.spec.decode.mounts import Place, check_places, normal, volume_places
from gitops.spec.decode.release import decode_hooks
from gitops.spec.findings import Path, shown
from gitops.spec.scope import EMPTY, Scope, Spec, texts
from gitops.spec.units import size

_FREE = Confinement()
_CONFINING = frozenset(
    (
        "user",
        "readOnlyRootFilesystem",
        "capabilities",
        "init",
        "stopSignal",
        "tmpfs",
        "extraHosts",
    )
)
_SPECIAL = _CONFINING | {"envFile", "files", "labels", "sidecars", "hooks", "networks"}
_RESOURCES = ("spec", "resources")


def decode_runtime(app: str, spec: Spec, scope: Scope) -> Runtime:
    """Return the runtime of a valid document of the app named `app`."""
    runtime = Runtime(
        decode_command(spec["command"]) if "command" in spec else (),
        int(spec.get("port", 0)),
        decode_env(spec["env"], scope) if "env" in spec else EMPTY,
        decode_volumes(spec["volumes"], scope) if "volumes" in spec else (),
        decode_resources(spec["resources"], _RESOURCES, scope)
        if "resources" in spec
        else NO_LIMITS,
        decode_health(spec["health"], scope) if "health" in spec else PLAIN,
    )
    if _SPECIAL.isdisjoint(spec):
        if runtime.volumes:
            check_places(volume_places(("spec", "volumes"), runtime.volumes), scope)
        return runtime
    runtime = _with_the_rest(runtime, app, spec, scope)
    check_places(_places(runtime), scope)
    return runtime


def _with_the_rest(runtime: Runtime, app: str, spec: Spec, scope: Scope) -> Runtime:
    return runtime._replace(
        env_files=_env_files(spec.get("envFile", ()), scope),
        files=decode_files(spec.get("files", ()), app, scope),
        confinement=_FREE if _CONFINING.isdisjoint(spec) else _confinement(spec, scope),
        labels=tuple(sorted(texts(spec.get("labels", EMPTY)).items())),
        sidecars=_sidecars(spec.get("sidecars", ()), scope),
        hooks=decode_hooks(spec.get("hooks", EMPTY), scope),
        networks=tuple(spec.get("networks", ())),
    )


def _env_files(found: str | Sequence[str], scope: Scope) -> tuple[FileSecret, ...]:
    names = (found,) if isinstance(found, str) else found
    return tuple([FileSecret(scope.absolute(name)) for name in names])


def _places(runtime: Runtime) -> list[Place]:
    """Return everything that appears in the container, volumes first."""
    places = volume_places(("spec", "volumes"), runtime.volumes)
    places += [
        Place(("spec", "tmpfs", number, "mount"), tmpfs.mount)
        for number, tmpfs in enumerate(runtime.confinement.tmpfs)
    ]
    places += [
        Place(("spec", "files", number, "path"), file.path, file=True)
        for number, file in enumerate(runtime.files)
    ]
    return places


def _confinement(spec: Spec, scope: Scope) -> Confinement:
    capabilities = spec.get("capabilities", EMPTY)
    add, drop = capabilities.get("add", ()), capabilities.get("drop", ())
    for number, name in enumerate(add):
        if name in drop:
            path = ("spec", "capabilities", "add", number)
            scope.complain(path, f"{name} is in drop as well", "remove it from one of the two")
    return Confinement(
        _user(spec.get("user", "")),
        spec.get("readOnlyRootFilesystem", False),
        tuple(sorted(add)),
        tuple(sorted(drop)),
        spec.get("init", False),
        spec.get("stopSignal", ""),
        tuple([_tmpfs(found) for found in spec.get("tmpfs", ())]),
        _extra_hosts(spec.get("extraHosts", EMPTY), scope),
    )


def _user(found: str | int | Decimal) -> str:
    return found if isinstance(found, str) else str(int(found))


def _tmpfs(found: str | Spec) -> Tmpfs:
    if isinstance(found, str):
        return Tmpfs(normal(found))
    return Tmpfs(normal(found["mount"]), size(found["size"]) if "size" in found else 0)


def _extra_hosts(found: Spec, scope: Scope) -> tuple[tuple[str, str], ...]:
    for name, address in found.items():
        try:
            if address != "host-gateway":
                ipaddress.ip_address(address)
        except ValueError:
            hint = "write an address such as 10.0.0.5, or host-gateway for the engine's machine"
            message = f"{shown(address)} is not an IP address"
            scope.complain(("spec", "extraHosts", name), message, hint)
    return tuple(sorted(found.items()))


def _sidecars(found: Sequence[Spec], scope: Scope) -> tuple[Sidecar, ...]:
    taken: set[str] = set()
    for number, sidecar in enumerate(found):
        if sidecar["name"] in taken:
            message = f"{shown(sidecar['name'])} is the name of another sidecar"
            path = ("spec", "sidecars", number, "name")
            scope.complain(path, message, "give one of the two another name")
        taken.add(sidecar["name"])
    return tuple(
        [_sidecar(each, ("spec", "sidecars", number), scope) for number, each in enumerate(found)]
    )


def _sidecar(found: Spec, path: Path, scope: Scope) -> Sidecar:
    volumes = decode_volumes(found.get("volumes", ()), scope)
    check_places(volume_places((*path, "volumes"), volumes), scope)
    return Sidecar(
        found["name"],
        decode_image(found["image"]),
        decode_command(found.get("command", ())),
        decode_env(found.get("env", EMPTY), scope),
        volumes,
        decode_resources(found.get("resources", EMPTY), (*path, "resources"), scope),
    )
