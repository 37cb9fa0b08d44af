"""What an image builds on: other images, some of which tasks of the same project make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.dockerfile import BaseImages, Unknown, base_images
from gitops.model.image import ImageRef, canonical, parse_image
from gitops.model.observed import Inputs
from gitops.model.outcomes import Found
from gitops.model.resources import BuildTask
from gitops.model.sources import Source
from gitops.plan.builds.placeholders import fill, fill_tag
from gitops.plan.repositories import repository_name


class Ground(NamedTuple):
    """What tasks build on. `makers` are the tasks behind images, by their canonical names."""

    order: tuple[BuildTask, ...]
    makers: Mapping[ImageRef, Address]
    circle: Mapping[Address, str]
    """Tasks that build on each other in a circle, each with the whole of it in words."""

    def maker(self, image: str) -> Address | None:
        """Return the task that makes an image, by any of its names; none for an exact digest."""
        return _maker(self.makers, image)


def ground(bundle: Bundle, inputs: Inputs) -> Ground:
    """Return the tasks so that each comes after those that it builds on or runs after."""
    makers = _makers(bundle, inputs)
    edges = {
        task.address: {
            *task.triggers.after,
            *filter(None, (_maker(makers, base) for base in followed(task, inputs))),
        }
        - {task.address}
        for task in bundle.tasks
    }
    tasks = {task.address: task for task in bundle.tasks}
    if not any(edges.values()):
        return Ground(tuple(tasks.values()), makers, {})
    order, circle = _sorted(edges)
    return Ground(tuple(tasks[address] for address in order), makers, circle)


def _sorted(
    edges: Mapping[Address, set[Address]],
) -> tuple[tuple[Address, ...], Mapping[Address, str]]:
    """Return the tasks in order, and those in circles; whatever needs these comes after them."""
    circle: dict[Address, str] = {}
    while True:
        # Sorted: the order of a set is another one in each process.
        open_ = {task: () if task in circle else sorted(edges[task]) for task in edges}
        try:
            return tuple(TopologicalSorter(open_).static_order()), circle
        except CycleError as error:
            found: list[Address] = error.args[1]
            circle |= dict.fromkeys(found, " needs ".join(map(str, reversed(found))))


def followed(task: BuildTask, inputs: Inputs) -> tuple[str, ...]:
    """Return the images that the Dockerfiles of a task build on, if it follows them."""
    seen = inputs.sources.get(task.address)
    return bases_of(task, seen.value) if isinstance(seen, Found) else ()


def bases_of(task: BuildTask, source: Source) -> tuple[str, ...]:
    """Return the images that a source's Dockerfiles build on, if the task follows them."""
    return bases_named(task, source) if task.triggers.base_image else ()


def bases_named(task: BuildTask, source: Source) -> tuple[str, ...]:
    """Return the images that a source's Dockerfiles build on, followed or not."""
    found = _told(task, source)
    return tuple(dict.fromkeys((*found.runtime, *found.build)))


def unknown_bases(task: BuildTask, source: Source) -> tuple[Unknown, ...]:
    """Return the places of a source's Dockerfiles whose image cannot be told, if they count."""
    return _told(task, source).unknown if task.triggers.base_image else ()


def _told(task: BuildTask, source: Source) -> BaseImages:
    if task.steps is not None:
        return source.built_on
    if not source.recipe:
        return BaseImages()
    try:
        args = tuple((name, fill(value, source)) for name, value in task.args.items())
    except ValueError:
        return BaseImages()
    return _read(source.recipe, args, task.target)


@lru_cache(256)
def _read(recipe: str, args: tuple[tuple[str, str], ...], target: str) -> BaseImages:
    """Read a Dockerfile: a look asks several times, and so does the next."""
    return base_images(recipe, dict(args), target)


def elsewhere(bundle: Bundle, inputs: Inputs) -> tuple[str, ...]:
    """Return the images whose digests have to be asked for: those that no task here makes."""
    bases = {base for task in bundle.tasks for base in _of_all(task, inputs)}
    makers = _makers(bundle, inputs) if bases else {}
    return tuple(sorted(base for base in bases if _maker(makers, base) is None))


def _of_all(task: BuildTask, inputs: Inputs) -> Iterator[str]:
    """Give the images that a task builds on, on its branch, its tag and its pull requests."""
    seen = inputs.sources.get(task.address)
    for source in (seen.value, *seen.value.beside) if isinstance(seen, Found) else ():
        yield from bases_of(task, source)


def _maker(makers: Mapping[ImageRef, Address], image: str) -> Address | None:
    return None if parse_image(image).digest else makers.get(canonical(image))


def _makers(bundle: Bundle, inputs: Inputs) -> Mapping[ImageRef, Address]:
    return {
        canonical(name): task.address
        for task in bundle.tasks
        for name in _names(bundle, task, inputs)
    }


def _names(bundle: Bundle, task: BuildTask, inputs: Inputs) -> Iterable[str]:
    if task.repository is None:
        return
    repository = repository_name(bundle, task.repository)
    if task.latest:
        yield f"{repository}:latest"
    seen = inputs.sources.get(task.address)
    if not isinstance(seen, Found):
        return
    for tag in task.tags:
        try:
            yield f"{repository}:{fill_tag(tag, seen.value)}"
        except ValueError:
            continue
