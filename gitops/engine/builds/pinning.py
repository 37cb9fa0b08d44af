"""Pins what a Dockerfile builds on to the digests that were seen when the plan was made."""

from __future__ import annotations

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.ports import World
from gitops.engine.tasks.base_images import as_then
from gitops.model.image import ImageRef, parse_image
from gitops.model.outcomes import Found, Unreachable
from gitops.model.resources import BuildTask
from gitops.model.sources import Source
from gitops.model.wanted import WantedImage

_DIGEST = "sha256:"


def pinned_recipe(world: World, task: BuildTask, source: Source, image: WantedImage) -> str:
    """Return the Dockerfile with its base images pinned; empty when there is nothing to pin.

    Raises `DriverError`: MISSING when an image that another task made is not there, UNREACHABLE
    when that cannot be told.
    """
    if not image.inputs.bases or task.steps is not None:
        return ""
    return as_then(source.recipe, image.args, base_digests(world, image))


def base_digests(world: World, image: WantedImage) -> dict[str, str]:
    """Return the digest of each image that `image` is made from; raises as `pinned_recipe`."""
    return {name: _digest(world, name, seen) for name, seen in image.inputs.bases.items()}


def _digest(world: World, name: str, seen: str) -> str:
    """Return the digest to pin `name` to; for one that a task here made, that of its exact tag."""
    if seen.startswith(_DIGEST):
        return seen
    made = ImageRef(parse_image(name).repository, seen)
    found = world.registries.digest(made)
    if isinstance(found, Found):
        digest: str = found.value
        return digest
    if isinstance(found, Unreachable):
        raise DriverError(ErrorKind.UNREACHABLE, found.what, found.why)
    raise DriverError(ErrorKind.MISSING, f"the registry has no {made}, which {name} stands for")
