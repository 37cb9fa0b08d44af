"""What the builds of a run build on: remembered by digest, so that the run can be done again."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from gitops.drivers.base import BuildJob, DriverError, TaskEngine
from gitops.model.dockerfile import base_images, pinned
from gitops.model.image import ImageRef, canonical, parse_image

_FROM = re.compile(r"#\d+ \[[^\]]*\] FROM (\S+)@(sha256:[0-9a-f]{64})\b")
"""What BuildKit says of an image that it has from its registry."""


class Heard:
    """Takes the lines of a build, and keeps the digests that they tell, by canonical names."""

    def __init__(self) -> None:
        self.digests: dict[ImageRef, str] = {}

    def line(self, text: str) -> None:
        """Take a line."""
        if found := _FROM.match(text):
            self.digests[canonical(found[1])] = found[2]


def as_then(dockerfile: str, args: Mapping[str, str], digests: Mapping[str, str]) -> str:
    """Return the Dockerfile with what it builds on as it was; empty if that changes nothing."""
    text = pinned(dockerfile, args, digests) if digests else dockerfile
    return text if text != dockerfile else ""


def digests_of(
    dockerfile: str, job: BuildJob, heard: Heard, engine: TaskEngine, made: Collection[str]
) -> dict[str, str]:
    """Return the digests of what a Dockerfile builds on, as far as any registry has one of it.

    What was `made` by the run itself (whole names) is made again with it, and has none here.
    """
    found = {}
    for name in _bases(dockerfile, job):
        image = parse_image(name)
        if not image.digest and str(image) not in made:
            found[name] = heard.digests.get(canonical(name), "") or _on_engine(engine, name)
    return {name: digest for name, digest in found.items() if digest}


def _bases(dockerfile: str, job: BuildJob) -> Iterator[str]:
    found = base_images(dockerfile, job.args, job.target)
    yield from (*found.runtime, *found.build)


def _on_engine(engine: TaskEngine, name: str) -> str:
    """Return the digest of an image that the engine has from a registry; empty for any other."""
    try:
        return engine.digest(name)
    except DriverError:
        return ""  # the build went well, and only a later rerun would have wanted it
