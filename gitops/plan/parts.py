"""Cuts a plan into parts that have nothing to do with each other: none waits for another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
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


def only(plan: Plan, addresses: Collection[Address]) -> Plan:
    """Return the plan for these alone, with what their steps need of others."""
    needed: set[int] = set()
    for step in reversed(plan.steps):
        if step.address in addresses or step.number in needed:
            needed.update((step.number, *step.after))
    about = {step.address for step in plan.steps if step.number in needed} | set(addresses)
    return without(plan, lambda one: one not in about)._replace(
        in_sync={one: what for one, what in plan.in_sync.items() if one in about},
        blocked={one: why for one, why in plan.blocked.items() if one in about},
        suspended={one: why for one, why in plan.suspended.items() if one in about},
        warnings=(),
        # What others lose is not for this plan to refuse: it does not touch them.
        refused="",
    )


def plan_of(plan: Plan, part: Part) -> Plan:
    """Return the plan of one part alone."""
    return plan._replace(steps=part.steps)


def wishes(wanted: Wanted) -> Mapping[Address, object]:
    """Return what is wanted of each build and each app; another value is a newer wish."""
    images: dict[Address, object] = {
        image.task: (image.fingerprint, image.moving) for image in wanted.images
    }
    # A commit that leaves the image as it was is no newer wish.
    apps = {
        app.address: app._replace(content=app.content._replace(commit="")) for app in wanted.apps
    }
    return {**images, **apps}
