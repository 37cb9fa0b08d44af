"""What tasks would follow and cannot: pull requests and tags that cannot be read, base images."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.model.bundle import Bundle
from gitops.model.image import parse_image, registry_of
from gitops.model.observed import Inputs
from gitops.model.outcomes import Absent, Found, Unreachable
from gitops.model.resources import BuildTask
from gitops.model.sources import Source
from gitops.plan.builds.bases import bases_of, unknown_bases


def unfollowed(bundle: Bundle, inputs: Inputs) -> Iterator[str]:
    """Give a sentence for each; of base images only those in registries of the specs, which are
    meant to answer, and only where the task goes on with what it has seen of them before.
    """
    servers = frozenset(registry.server for registry in bundle.registries)
    for task in bundle.tasks:
        seen = inputs.sources.get(task.address)
        if not isinstance(seen, Found):
            continue
        yield from (f"{task.address}: {error}" for error in seen.value.beside_errors)
        yield from _bases(task, seen.value, inputs, servers)


def _bases(
    task: BuildTask, source: Source, inputs: Inputs, servers: frozenset[str]
) -> Iterator[str]:
    for unknown in unknown_bases(task, source):
        where = f"{task.address}: line {unknown.line} of its Dockerfile"
        yield f"{where}: what it builds on is not followed: {unknown.why}"
    before = inputs.before.get(task.address)
    for name in bases_of(task, source):
        if before is None or name not in before.bases:
            continue
        now = inputs.bases.get(name)
        if registry_of(parse_image(name).repository)[0] not in servers:
            continue
        if isinstance(now, Unreachable):
            yield f"{task.address}: the base image {name} cannot be seen: {now.why}"
        elif isinstance(now, Absent):
            yield f"{task.address}: the base image {name} is not in its registry"
