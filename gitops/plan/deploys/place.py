"""What stands where an app belongs: its containers, its route, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from gitops.model.observed import (
    LABEL_ADDRESS,
    LABEL_LINE,
    LABEL_PORT,
    LABEL_REPLICA,
    LABEL_SIDECAR,
)
from gitops.model.observed import ObservedContainer as Container
from gitops.model.routes import Route, Server
from gitops.model.wanted import WantedApp
from gitops.plan.deploys.holds import Notes

LOST = ("paused", "dead", "removing")
"""States of a container that no start brings back: it is replaced."""

NO_PORT = "none"
"""The value of the port label of a container that listens on nothing: a worker."""


class Place(NamedTuple):
    """An app's place on an engine. `all` are its containers, those of sidecars among them.

    `gateway` are the steps after which the gateway answers: a container may start before, not be
    asked. `sick` says of containers that run why they are to be replaced.
    """

    project: str
    all: tuple[Container, ...]
    route: Route | None
    names: frozenset[str]
    volumes: frozenset[str] = frozenset()
    gateway: tuple[int, ...] = ()
    notes: Notes = MappingProxyType({})
    sick: Mapping[str, str] = MappingProxyType({})
    mended: int = 0
    now: float = 0.0

    @property
    def mine(self) -> tuple[Container, ...]:
        """The app's own containers, one for each replica."""
        return tuple(one for one in self.all if LABEL_SIDECAR not in one.labels)

    def beside(self, replica: str) -> tuple[Container, ...]:
        """Return the sidecars of a replica, oldest first: in the order of their start."""
        found = (one for one in self.all if one.labels.get(LABEL_REPLICA) == replica)
        return tuple(sorted(found, key=lambda one: (one.created, one.name)))

    @property
    def routed(self) -> frozenset[str]:
        """The containers that requests reach."""
        return (
            frozenset(server.container for server in self.route.servers)
            if self.route
            else frozenset()
        )

    @property
    def live(self) -> Container | None:
        """The container that stands for what serves now; without a route, the oldest that runs.

        Of two it is the one that was proved: a newer one is what a killed deployment left.
        """
        routed = [one for one in self.mine if one.name in self.routed]
        usable = routed or list(self.mine)
        return min(usable, key=lambda one: (not one.running, one.created), default=None)

    def line(self, own: str) -> str | None:
        """Return whose content serves now; `own` where no label says another, none if none does."""
        live = self.live
        return live.labels.get(LABEL_LINE, own) if live is not None else None


def port_of(container: Container) -> int:
    """Return the port in the container's label; -1 for a worker."""
    label = container.labels.get(LABEL_PORT, NO_PORT)
    return -1 if label == NO_PORT else int(label)


def server_of(container: Container) -> Server:
    """Return the server that a container is."""
    return Server(container.name, port_of(container), container.labels.get(LABEL_ADDRESS, ""))


def whole(place: Place, container: Container) -> bool:
    """Say whether a replica runs, with all its sidecars."""
    return container.running and all(one.running for one in place.beside(container.name))


def lacking(app: WantedApp, place: Place, container: Container) -> str:
    """Return the name of a sidecar that a replica of this configuration should have and has not."""
    there = {beside.labels[LABEL_SIDECAR] for beside in place.beside(container.name)}
    return next((one.name for one in app.sidecars if one.name not in there), "")


def usable(place: Place, container: Container) -> bool:
    """Say whether a replica can be kept: nothing about it is lost or sick."""
    every = (container, *place.beside(container.name))
    return container.name not in place.sick and all(one.state not in LOST for one in every)
