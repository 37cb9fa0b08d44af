"""Containers of a Docker engine: what one is created from, and what is said when that fails."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import docker

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.sdk_client import SdkClient
from gitops.model.observed import ContainerState
from gitops.model.resources import Mount
from gitops.model.secret import Secrets
from gitops.model.wanted import WantedContainer

_TAKEN = re.compile(r"(?:Bind for |listen tcp[46]? )(\S+):(\d+)(?: failed)?:")
NANO = 1_000_000_000


def create_body(container: WantedContainer, secrets: Secrets) -> dict[str, object]:
    """Return the body of `POST /containers/create` (Engine API v1.41, ContainerCreate).

    Raises INVALID when a secret of its environment has no value.
    """
    body: dict[str, object] = {
        "Image": container.image.pinned,
        "Env": _environment(container, secrets),
        "Labels": dict(container.labels),
        "ExposedPorts": {f"{port.container}/tcp": {} for port in container.ports},
        "HostConfig": _host_config(container),
        "NetworkingConfig": {
            "EndpointsConfig": {container.network: {"Aliases": list(container.aliases)}}
        },
    }
    if container.entrypoint:
        body["Entrypoint"] = list(container.entrypoint)
    if container.command:
        body["Cmd"] = list(container.command)
    return body


def _host_config(container: WantedContainer) -> dict[str, object]:
    return {
        "NetworkMode": container.network,
        "RestartPolicy": {"Name": "unless-stopped"},
        # A container's log grows without end otherwise, and fills the engine's disk.
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
        "SecurityOpt": ["no-new-privileges"],
        "PortBindings": {
            f"{port.container}/tcp": [{"HostIp": port.bind, "HostPort": str(port.host)}]
            for port in container.ports
        },
        "Mounts": [_mount(mount) for mount in container.mounts],
        "NanoCpus": round(container.resources.cpus * NANO),
        "Memory": container.resources.memory,
    }


def _mount(mount: Mount) -> dict[str, object]:
    return {
        "Type": "volume" if mount.volume else "bind",
        "Source": mount.volume or mount.path,
        "Target": mount.mount,
        "ReadOnly": mount.read_only,
    }


def _environment(container: WantedContainer, secrets: Secrets) -> list[str]:
    lines = []
    for name, value in container.env:
        if isinstance(value, str):
            lines.append(f"{name}={value}")
            continue
        if value not in secrets:
            raise DriverError(
                ErrorKind.INVALID,
                f"container {container.name} needs {name} from {value}",
                "that secret has no value",
            )
        lines.append(f"{name}={secrets[value].reveal()}")
    return lines


def redacted(text: str, secrets: Secrets) -> str:
    """Return `text` with each secret value in it replaced: the engine quotes what it refuses."""
    for secret in secrets.values():
        if secret.reveal():
            text = text.replace(secret.reveal(), "***")
    return text


def state_of(found: Mapping[str, Any]) -> ContainerState:
    """Return the state that `GET /containers/{id}/json` (ContainerInspect) tells."""
    state = found["State"]
    return ContainerState(
        state=state["Status"],
        exit_code=state["ExitCode"],
        oom_killed=state["OOMKilled"],
        restarts=found["RestartCount"],
        error=state["Error"],
    )


def start(client: SdkClient, name: str) -> None:
    """Start a container; CONFLICT tells who holds a published port that is taken."""
    try:
        with client.use(f"container {name} could not be started") as api:
            api.start(name)
    except DriverError as error:
        taken = _TAKEN.search(error.detail)
        if error.kind is not ErrorKind.CONFLICT or not taken:
            raise
        address, port = taken.group(1), int(taken.group(2))
        with client.use(f"the holder of port {port} could not be found") as api:
            holder = _holder(api, port)
        raise DriverError(
            ErrorKind.CONFLICT,
            f"container {name} could not be started: port {port} of {address} is taken by {holder}",
            "stop that, or give the port another number in the spec",
        ) from error


def _holder(api: docker.APIClient, port: int) -> str:
    for found in api.containers(filters={"publish": str(port)}):
        if any(item.get("PublicPort") == port for item in found["Ports"]):
            return f"container {found['Names'][0].lstrip('/')}"
    return f"a process on the engine's machine (`ss -ltnp 'sport = :{port}'` names it)"
