"""What the container of a step is created from.

Engine API v1.41, ContainerCreate: https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

from collections.abc import Iterable

from gitops.drivers.base import StepContainer, StepMount
from gitops.drivers.engine.units import NANO
from gitops.drivers.tasks.marks import labels_of
from gitops.drivers.tasks.port_words import exposed, published
from gitops.model.observed import only_ours

_NAMELESS = ("", "default", "bridge", "host", "none")
"""Networks on which the engine gives no names to containers, and refuses any that are given."""


def step_body(container: StepContainer) -> dict[str, object]:
    """Return the body of `POST /containers/create`.

    `aliases` hold on a network of its own alone: on the engine's own ones there are no names.
    Raises INVALID for a port or label that cannot be.
    """
    ports = published(container.ports)
    body: dict[str, object] = {
        "Image": container.image,
        "Env": [f"{name}={value}" for name, value in container.env.items()],
        "Labels": only_ours(labels_of(container.mark, container.labels)),
        "ExposedPorts": {port: {} for port in (*ports, *exposed(container.expose))},
        "HostConfig": {**_host(container), "PortBindings": ports},
        **_optional(container),
    }
    if container.aliases and _named(container.network):
        endpoint = {"Aliases": list(container.aliases)}
        body["NetworkingConfig"] = {"EndpointsConfig": {container.network: endpoint}}
    return body


def _named(network: str) -> bool:
    return network not in _NAMELESS and not network.startswith("container:")


def _optional(container: StepContainer) -> dict[str, object]:
    """Return what the image decides unless the step says something."""
    said: dict[str, object] = {
        "Cmd": list(container.command),
        "User": container.user,
        "WorkingDir": container.working_directory,
        "Hostname": container.hostname,
    }
    found = {name: value for name, value in said.items() if value}
    if container.entrypoint is not None:
        # An empty text is how the API says that the image's own is not wanted.
        found["Entrypoint"] = list(container.entrypoint) or [""]
    return found


def _host(container: StepContainer) -> dict[str, object]:
    return {
        "NetworkMode": container.network or "default",
        # The output goes to the run's log: the engine would keep all of it a second time.
        "LogConfig": {"Type": "none", "Config": {}},
        "RestartPolicy": {"Name": "no"},
        "AutoRemove": False,
        "Mounts": [_mount(mount) for mount in container.mounts],
        "Tmpfs": dict(_halves(container.tmpfs)),
        "ExtraHosts": list(container.hosts),
        "Dns": list(container.dns),
        "CapAdd": list(container.capabilities),
        "CapDrop": list(container.dropped),
        "Privileged": container.privileged,
        "ReadonlyRootfs": container.read_only,
        "Init": container.init,
        "ShmSize": container.shm_size,
        "GroupAdd": list(container.host.groups),
        "SecurityOpt": list(container.host.security),
        "Sysctls": dict(container.host.sysctls),
        "DnsSearch": list(container.host.dns_search),
        "DnsOptions": list(container.host.dns_options),
        **_limits(container),
    }


def _limits(container: StepContainer) -> dict[str, object]:
    """Return the limits; swap would only make a step that needs more memory slow."""
    return {
        "Memory": container.memory,
        "MemorySwap": container.host.memory_swap or container.memory,
        "NanoCpus": round(container.cpus * NANO),
        "PidsLimit": container.pids or None,
        "MemoryReservation": container.host.memory_reservation,
        "CpuShares": container.host.cpu_shares,
        "CpuPeriod": container.host.cpu_period,
        "CpuQuota": container.host.cpu_quota,
        "CpusetCpus": container.host.cpuset_cpus,
        "CpusetMems": container.host.cpuset_mems,
        "OomScoreAdj": container.host.oom_score,
        "Ulimits": [
            {"Name": one.name, "Soft": one.soft, "Hard": one.hard} for one in container.host.ulimits
        ],
    }


def _mount(mount: StepMount) -> dict[str, object]:
    told: dict[str, object] = {
        "Type": "bind" if mount.bind else "volume",
        "Source": mount.source,
        "Target": mount.path,
        "ReadOnly": mount.read_only,
    }
    if not mount.bind:
        # A workspace holds what steps put there, not what an image happens to have at its path.
        told["VolumeOptions"] = {"NoCopy": True}
    return told


def _halves(words: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Split `path[:options]` each."""
    for word in words:
        path, _, options = word.partition(":")
        yield path, options
