"""Finds the containers that a person names: those of an app with its sidecars, or a service's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gitops.cli.deciding import Seat
from gitops.engine.looks.observe import observe_engines
from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.observed import LABEL_PROJECT, LABEL_REPLICA, LABEL_SIDECAR, ObservedContainer
from gitops.model.outcomes import Found, Unreachable
from gitops.plan.deploys.content import places
from gitops.plan.deploys.wishes import RefusedError


class Unit(NamedTuple):
    """One container. `replica` counts from 1, oldest first; `sidecar` is empty for the main one."""

    target: str
    container: ObservedContainer
    replica: int
    sidecar: str = ""

    @property
    def name(self) -> str:
        """The container's name without its project."""
        project = self.container.labels.get(LABEL_PROJECT, "")
        return self.container.name.removeprefix(f"{project}-")


def units_of(seat: Seat, address: Address) -> tuple[Unit, ...]:
    """Return the containers of an address; raise `RefusedError` when it is not declared.

    An engine that does not answer counts only when none of the others has any.
    """
    declared(seat.bundle, address)
    found: list[Unit] = []
    silent = ""
    for target, seen in observe_engines(seat.bundle.project, seat.world.sites).items():
        if isinstance(seen, Found):
            mine = (one for one in seen.value.containers if _is_of(one, seat.bundle, address))
            found += sorted_out(target, mine)
        elif isinstance(seen, Unreachable):
            silent = f"; {seen.what} does not answer: {seen.why}"
    if not found:
        raise RefusedError(f"{address} has no container{silent}; `gitops status` says why")
    return tuple(found)


def declared(bundle: Bundle, address: Address) -> None:
    """Raise `RefusedError` that lists what there is when an address is not declared."""
    slots = {place.address for app in bundle.apps for place in places(app)}
    known = {*bundle.resources, *slots}
    if address not in known:
        same = ", ".join(str(one) for one in sorted(known) if one.kind == address.kind) or "none"
        raise RefusedError(f"there is no {address} in these specs; there are: {same}")


def sorted_out(target: str, containers: Iterable[ObservedContainer]) -> tuple[Unit, ...]:
    """Return containers of one app as units: replica by replica, each before its sidecars."""
    every = sorted(containers, key=lambda one: (one.created, one.name))
    mains = [one for one in every if LABEL_SIDECAR not in one.labels]
    beside: Mapping[str, list[ObservedContainer]] = {one.name: [] for one in mains}
    for one in every:
        of = one.labels.get(LABEL_REPLICA, "")
        if LABEL_SIDECAR in one.labels and of in beside:
            beside[of].append(one)
    return tuple(
        unit
        for number, main in enumerate(mains, 1)
        for unit in (
            Unit(target, main, number),
            *(Unit(target, one, number, one.labels[LABEL_SIDECAR]) for one in beside[main.name]),
        )
    )


def chosen(units: tuple[Unit, ...], replica: int | None, sidecar: str | None) -> tuple[Unit, ...]:
    """Return the units of a replica or a sidecar; `RefusedError` lists what there is."""
    numbers = sorted({unit.replica for unit in units})
    if replica is not None and replica not in numbers:
        raise RefusedError(f"there is no replica {replica}; there are 1 to {numbers[-1]}")
    names = sorted({unit.sidecar for unit in units if unit.sidecar})
    if sidecar is not None and sidecar not in names:
        told = f"there are: {', '.join(names)}" if names else "the app has none"
        raise RefusedError(f"there is no sidecar {sidecar}; {told}")
    return tuple(
        unit
        for unit in units
        if replica in (None, unit.replica) and sidecar in (None, unit.sidecar)
    )


def _is_of(container: ObservedContainer, bundle: Bundle, address: Address) -> bool:
    mine = container.labels.get(LABEL_PROJECT) == bundle.project
    return mine and container.owner == address
