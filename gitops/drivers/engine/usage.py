"""What containers of a Docker engine use.

Engine API v1.41, ContainerStats: https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gitops.drivers.base import DriverError, ErrorKind, Usage
from gitops.drivers.engine.sdk_client import POOL, SdkClient

_CACHE = ("total_inactive_file", "inactive_file")
"""Pages of files that the kernel gives back when it needs them, in cgroups v1 and v2."""


def usage(client: SdkClient, containers: Sequence[str]) -> Mapping[str, Usage]:
    """Return what each container that runs uses; those that do not run are left out.

    Takes one to two seconds for up to 16 containers: the engine measures each for a second.
    """
    if not containers:
        return {}
    with client.use("the engine's memory could not be read") as api:
        total = int(api.info()["MemTotal"])
    with ThreadPoolExecutor(min(POOL, len(containers))) as pool:
        measured = pool.map(lambda name: _measure(client, name), containers)
    return {
        name: used_of(stats, total)
        for name, stats in zip(containers, measured, strict=True)
        if stats is not None and stats["memory_stats"].get("usage")
    }


def used_of(stats: Mapping[str, Any], total: int) -> Usage:
    """Return what the engine's two samples tell; `total` is the machine's memory in bytes.

    Computed as by `docker stats`: https://docs.docker.com/reference/cli/docker/container/stats/
    """
    now, before, memory = stats["cpu_stats"], stats["precpu_stats"], stats["memory_stats"]
    spent = now["cpu_usage"]["total_usage"] - before["cpu_usage"]["total_usage"]
    # The time of the machine counts each of its processors.
    passed = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    processors = now.get("online_cpus") or len(now["cpu_usage"].get("percpu_usage") or [0])
    details = memory.get("stats") or {}
    cache = next((details[name] for name in _CACHE if name in details), 0)
    limit = int(memory.get("limit", 0))
    return Usage(
        cpus=max(spent, 0) / passed * processors if passed > 0 else 0.0,
        memory=max(int(memory["usage"]) - int(cache), 0),
        limit=limit if limit < total else 0,
    )


def _measure(client: SdkClient, container: str) -> Mapping[str, Any] | None:
    try:
        with client.use(f"what container {container} uses could not be read") as api:
            found: Mapping[str, Any] = api.stats(container, stream=False)
    except DriverError as error:
        if error.kind is ErrorKind.MISSING:
            return None
        raise
    return found
