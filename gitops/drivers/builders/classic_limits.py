"""Limits of the steps of a build, as the Engine API's `POST /build` takes them.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageBuild
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from gitops.drivers.base import BuildJob

PERIOD = 100_000
"""Microseconds of a period of the CPU quota: the kernel's own default."""


class MemoryLimits(TypedDict, total=False):
    """Bytes; `memswap` is memory and swap together."""

    memory: int
    memswap: int


def memory_limits(job: BuildJob) -> MemoryLimits:
    """Return the limits of memory; without `memswap` as much again of swap would be given."""
    return {"memory": job.memory, "memswap": job.memory} if job.memory else {}


def cpu_limits(job: BuildJob) -> Mapping[str, int]:
    """Return the parameters that limit a step to `job.cpus` cores."""
    return {"cpuperiod": PERIOD, "cpuquota": int(job.cpus * PERIOD)} if job.cpus else {}
