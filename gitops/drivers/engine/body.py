"""What a container of a Docker engine is created from.

Engine API v1.41, ContainerCreate: https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

from typing import NamedTuple

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.units import NANO
from gitops.drivers.env_file import parse_env_file
from gitops.model.observed import only_ours
from gitops.model.secret import Secrets
from gitops.model.wanted import EngineCheck, WantedContainer
from gitops.model.webapp import Mount

FILES = "/.gitops/files"
"""Where the volume of a container's files is as a whole.

The files are mounted one by one from the volume's folder, which the engine does not count as use of
the volume: without this mount, `docker volume prune` would take it from under a container.
"""


class FilesPlace(NamedTuple):
    """The volume that holds a container's files, and where it is on the engine's machine."""

    volume: str
    folder: str


def create_body(
    container: WantedContainer,
    secrets: Secrets,
    files: FilesPlace | None = None,
    restart: str = "unless-stopped",
) -> dict[str, object]:
    """Return the body of `POST /containers/create`.

    `files` is where the container's files are, if it has any. Raises INVALID when a secret of its
    environment has no value.
    """
    body: dict[str, object] = {
        "Image": container.image.pinned,
        "Env": [f"{name}={value}" for name, value in environment(container, secrets).items()],
        "Labels": only_ours(container.labels),
        "HostConfig": _host_config(container, files, restart),
        **_optional(container),
    }
    if not container.joins:
        body["ExposedPorts"] = {f"{port.container}/tcp": {} for port in container.ports}
        body["NetworkingConfig"] = {"EndpointsConfig": {container.network: _endpoint(container)}}
    return body


def environment(container: WantedContainer, secrets: Secrets) -> dict[str, str]:
    """Return the environment variables of a container: its own over those of its files."""
    found: dict[str, str] = {}
    for reference in container.env_files:
        if reference not in secrets:
            raise _without_value(container, "its environment", str(reference))
        found |= parse_env_file(secrets[reference].reveal(), str(reference))
    for name, value in container.env:
        if isinstance(value, str):
            found[name] = value
        elif value in secrets:
            found[name] = secrets[value].reveal()
        else:
            raise _without_value(container, name, str(value))
    return found


def _without_value(container: WantedContainer, what: str, source: str) -> DriverError:
    return DriverError(
        ErrorKind.INVALID,
        f"container {container.name} needs {what} from {source}",
        "that secret has no value",
    )


def _optional(container: WantedContainer) -> dict[str, object]:
    """Return what the image decides unless the container says something."""
    said: dict[str, object] = {
        "Entrypoint": list(container.entrypoint),
        "Cmd": list(container.command),
        "User": container.confinement.user,
        "StopSignal": container.confinement.stop_signal,
        "Healthcheck": _check(container.check) if container.check else None,
    }
    return {name: value for name, value in said.items() if value}


def _check(check: EngineCheck) -> dict[str, object]:
    """Return a HealthConfig; its times are nanoseconds."""
    return {
        "Test": ["CMD", *check.command],
        "Interval": round(check.interval * NANO),
        "Timeout": round(check.timeout * NANO),
        "StartPeriod": round(check.grace * NANO),
        "Retries": check.failures,
    }


def _endpoint(container: WantedContainer) -> dict[str, object]:
    endpoint: dict[str, object] = {"Aliases": list(container.aliases)}
    if container.address:
        endpoint["IPAMConfig"] = {"IPv4Address": container.address}
    return endpoint


def _host_config(
    container: WantedContainer, files: FilesPlace | None, restart: str
) -> dict[str, object]:
    confinement = container.confinement
    return {
        "RestartPolicy": {"Name": restart},
        # A container's log grows without end otherwise, and fills the engine's disk.
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
        "SecurityOpt": ["no-new-privileges"],
        "Mounts": [*map(_mount, container.mounts), *_file_mounts(container, files)],
        "NanoCpus": round(container.resources.cpus * NANO),
        "Memory": container.resources.memory,
        "ReadonlyRootfs": confinement.read_only,
        "CapAdd": list(confinement.add),
        "CapDrop": list(confinement.drop),
        "Init": confinement.init,
        "Tmpfs": {one.mount: f"size={one.size}" if one.size else "" for one in confinement.tmpfs},
        **_network(container),
    }


def _network(container: WantedContainer) -> dict[str, object]:
    """Return what a container has of the network, which is nothing when it joins another's."""
    if container.joins:
        return {"NetworkMode": f"container:{container.joins}"}
    return {
        "NetworkMode": container.network,
        "ExtraHosts": [f"{name}:{address}" for name, address in container.confinement.extra_hosts],
        "PortBindings": {
            f"{port.container}/tcp": [{"HostIp": port.bind, "HostPort": str(port.host)}]
            for port in container.ports
        },
    }


def _mount(mount: Mount) -> dict[str, object]:
    return {
        "Type": "volume" if mount.volume else "bind",
        "Source": mount.volume or mount.path,
        "Target": mount.mount,
        "ReadOnly": mount.read_only,
    }


def _file_mounts(container: WantedContainer, files: FilesPlace | None) -> list[dict[str, object]]:
    """Return a mount for each file: an engine mounts volumes as folders only."""
    if files is None:
        return []
    whole = _mount(Mount(FILES, volume=files.volume, read_only=True))
    return [whole] + [
        _mount(Mount(file.path, path=f"{files.folder}/{number}", read_only=True))
        for number, file in enumerate(container.files)
    ]
