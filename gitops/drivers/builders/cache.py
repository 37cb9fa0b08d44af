"""Where the layers of a build lie in a registry, for builders that keep them inside of images.

One image for each named stage: `TO` is the image itself, `TO-<stage>` what an earlier stage made.
docs/builds.md says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from gitops.drivers.base import (
    BuildContext,
    BuildJob,
    CacheUse,
    DriverError,
    ErrorKind,
    Output,
)
from gitops.drivers.builders.stages import dockerfile_of
from gitops.model.dockerfile import secret_stages, stage_names
from gitops.model.image import ImageRef, parse_image

LONGEST_TAG = 128


def stage_image(cache: str, stage: str) -> str:
    """Return the image that keeps a stage's layers: the cache's tag with the stage's name."""
    image = parse_image(cache)
    clean = re.sub(r"[^A-Za-z0-9_.-]", "-", stage)
    return str(ImageRef(image.repository, f"{image.tag}-{clean}"[:LONGEST_TAG]))


def sources(job: BuildJob, context: BuildContext) -> tuple[str, ...]:
    """Return the images to take layers from: each of the cache's, and its stages'."""
    if job.no_cache or not job.cache.sources:
        return ()
    stages = () if job.cache.mode == "min" else stage_names(dockerfile_of(context))
    found = (
        name
        for source in job.cache.sources
        for name in (source, *(stage_image(source, stage) for stage in stages))
    )
    return tuple(dict.fromkeys(found))


def kept_stages(job: BuildJob, context: BuildContext, stages: Iterable[str]) -> tuple[str, ...]:
    """Return the stages whose layers others may have: none that a secret was given to."""
    if not (job.secrets or job.ssh):
        return tuple(stages)
    given = secret_stages(dockerfile_of(context))
    return tuple(stage for stage in stages if stage not in given)


def stage_jobs(job: BuildJob, stages: Iterable[str]) -> Iterator[BuildJob]:
    """Give the builds of the stages that took part in a build of `job`, to be kept.

    They come from the layers that have just been made. The target's own stage is the image.
    """
    if not job.cache.to or job.cache.mode == "min":
        return
    for stage in stages:
        if stage != job.target.lower():
            name = stage_image(job.cache.to, stage)
            yield job._replace(
                image=parse_image(name),
                target=stage,
                tags=(),
                no_cache=False,
                pull=False,
                cache=CacheUse((), name, "min"),
            )


def told(what: str, work: Callable[[], object], output: Output) -> bool:
    """Do something for the cache: its failure is a warning, as the image is built already.

    Returns whether it went well; CANCELLED is raised.
    """
    try:
        work()
    except DriverError as error:
        if error.kind is ErrorKind.CANCELLED:
            raise
        output(f"warning: {what}: {error}".splitlines()[0])
        return False
    return True
