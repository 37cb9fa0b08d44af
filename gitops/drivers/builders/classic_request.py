"""The request of a build to the Engine API, `POST /build`, with the context as its body.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageBuild
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, NamedTuple, cast

import docker

from gitops.drivers.base import BuildJob, Output
from gitops.drivers.builders.classic_deadline import Deadline
from gitops.drivers.builders.classic_limits import cpu_limits, memory_limits


class Use(NamedTuple):
    """A connection to the engine that is given up in time, and who hears of the build."""

    client: docker.APIClient
    deadline: Deadline
    output: Output


def messages(
    use: Use, job: BuildJob, context: tuple[str, Iterator[bytes]], found: Sequence[str]
) -> Iterator[Mapping[str, Any]]:
    """Start a build; give what the engine says."""
    dockerfile, body = context
    use.client.params = dict(cpu_limits(job))  # of the session: its `build` has no word for them
    try:
        return use.client.build(
            fileobj=cast("IO[bytes]", body),  # requests takes pieces
            custom_context=True,
            decode=True,
            rm=True,
            forcerm=True,
            dockerfile=dockerfile,
            tag=str(job.image),
            buildargs=dict(job.args),
            labels=dict(job.labels),
            target=job.target or None,
            nocache=job.no_cache,
            pull=job.pull,
            network_mode=job.network or None,
            extra_hosts=cast("dict[str, str]", list(job.hosts)),  # `name:address`, as written
            shmsize=job.shm_size or None,
            container_limits=memory_limits(job),  # type: ignore[arg-type] # the stub's own name
            cache_from=list(found) or None,
        )
    finally:
        use.client.params = {}
