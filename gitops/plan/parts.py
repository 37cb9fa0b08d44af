"""Cuts a plan into parts that have nothing to do with each other: none waits for another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.plan import Plan, Step
from gitops.model.wanted import Wanted


class Part(NamedTuple):
    """Steps that are connected, by an edge or by the resource they are about."""

    steps: tuple[Step, ...]

    @property
    def addresses(self) -> frozenset[Address]:
        """What the part is about; it is busy until the part ends."""
        return frozenset(step.address for step in self.steps)


def parts_of(plan: Plan) -> tuple[Part, ...]:
    """Return the parts of a plan in the order of their first steps."""
    parent: dict[object, object] = {}

    def root(item: object) -> object:
        while parent.setdefault(item, item) != item:
            item = parent[item]
        return item

    for step in plan.steps:
        parent[root(step.number)] = root(step.address)
        for number in step.after:
            parent[root(number)] = root(step.address)
    grouped: dict[object, list[Step]] = {}
    for step in plan.steps:
        grouped.setdefault(root(step.address), []).append(step)
    return tuple(Part(tuple(steps)) for steps in grouped.values())


def without(plan: Plan, left: Callable[[Address], bool]) -> Plan:
    """Return the plan less the steps about what is `left` alone, and those that come after them."""
    gone: set[int] = set()
    kept: list[Step] = []
    # A step comes after those that it needs, so one pass finds all.
    for step in plan.steps:
        if left(step.address) or not gone.isdisjoint(step.after):
            gone.add(step.number)
        else:
            kept.append(step)
    return plan._replace(steps=tuple(kept))


def plan_of(plan: Plan, part: Part) -> Plan:
    """Return the plan of one part alone."""
    return plan._replace(steps=part.steps)


def wishes(wanted: Wanted) -> Mapping[Address, object]:
    """Return what is wanted of each build and each app; another value is a newer wish."""
    images: dict[Address, object] = {
        image.task: (image.fingerprint, image.moving) for image in wanted.images
    }
    # A commit that leaves the image as it was is no newer wish.
    apps = {app.address: app._replace(revision="") for app in wanted.apps}
    return {**images, **apps}
