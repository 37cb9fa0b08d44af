"""One engine of the model of the world: containers, gateways and notes as values."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from gitops.drivers.base import DriverError, ErrorKind
from gitops.model.notes import Note
from gitops.model.observed import (
    EngineSnapshot,
    GatewayState,
    ObservedContainer,
)
from gitops.model.routes import Route, ServerHealth

PROJECT = "demo"


class Broken(AssertionError):  # noqa: N818 - it is a verdict on the plan
    """A step did what the world cannot do."""


class Unwell(Exception):  # noqa: N818 - it is an answer, not an error
    """A container did not prove itself at the gate, or cannot be started."""


class File(NamedTuple):
    """A gateway's configuration file; `routes` is none when someone changed it by hand."""

    routes: tuple[Route, ...] | None
    revision: str


class ModelEngine:
    """One engine with its containers, and the gateway among them."""

    def __init__(self) -> None:
        self.containers: dict[str, ObservedContainer] = {}
        self.networks: dict[str, dict[str, str]] = {}
        self.volumes: set[str] = set()
        self.notes: dict[tuple[str, str], Note] = {}
        self.images: set[str] = set()
        self.files: dict[str, File] = {}
        self.served: dict[str, str] = {}
        self.down: dict[str, str] = {}
        """Servers that have failed their checks for long, and why."""
        self.proved: set[str] = set()
        """Containers that passed the gate since they were made."""
        self.joined: dict[str, str] = {}
        """Containers without a network of their own, and whose they share."""
        self.started: dict[str, int] = {}
        """When a container's process began."""
        self.unreachable = ""
        self.gateway_unreachable = ""

    def snapshot(self, _project: str) -> EngineSnapshot:
        """Look, as `EngineReader` does."""
        if self.unreachable:
            raise DriverError(ErrorKind.UNREACHABLE, self.unreachable)
        containers = tuple(self.containers.values())
        notes = tuple(self.notes.values())
        return EngineSnapshot(containers, dict(self.networks), frozenset(self.volumes), notes)

    def state(self, name: str) -> GatewayState:
        """Look, as `GatewayReader` does."""
        if self.gateway_unreachable:
            raise DriverError(ErrorKind.UNREACHABLE, self.gateway_unreachable)
        running = self.containers[name].running
        served = self.served.get(name, "") if running else ""
        why = "" if served else "its container does not run"
        file = self.files.get(name)
        if file is None or file.routes is None:
            return GatewayState("", None, "", served, why)
        return GatewayState("", file.routes, file.revision, served, why)

    def health(self, _name: str) -> tuple[ServerHealth, ...]:
        """Look, as `GatewayReader` does."""
        return tuple(
            ServerHealth(
                "",
                name,
                up=False,
                seconds=60.0,
                why=why,
                requests=0,
                errors=0,
                open=0,
                milliseconds=0.0,
            )
            for name, why in self.down.items()
            if name in self.containers
        )

    def forget(self, name: str) -> None:
        """Let a container be gone."""
        del self.containers[name]
        self.proved.discard(name)
        for known in (self.files, self.served, self.down, self.joined, self.started):
            known.pop(name, None)

    def connected(self, name: str, owner: str) -> bool:
        """Say whether a container still shares its owner's network: each start makes a new one."""
        there = owner in self.containers and self.containers[owner].running
        return there and self.started[owner] < self.started[name]

    def gateway(self) -> str:
        """Return the name of the gateway that runs; a plan that needs one waits for it."""
        for name in self.files:
            if self.containers[name].running:
                return name
        raise Broken("a step needs the gateway, which does not run")

    def routes(self) -> dict[str, Route]:
        """Return what users reach: the routes of a gateway that runs."""
        for name, file in self.files.items():
            if self.containers[name].running and self.served.get(name):
                return {route.app: route for route in file.routes or ()}
        return {}

    def write(self, name: str, routes: tuple[Route, ...]) -> None:
        """Give a gateway these routes; one that runs serves them at once."""
        text = repr(sorted(routes))
        self.files[name] = File(routes, hashlib.sha256(text.encode()).hexdigest()[:12])
        if self.containers[name].running:
            self.served[name] = self.files[name].revision

    def keep(self, note: Note) -> None:
        """Keep a note, whose version is higher than that of the one before."""
        key = (note.topic, note.name)
        before = self.notes.get(key)
        if before is not None and before.version >= note.version:
            raise Broken(f"note {key} is written with an old version")
        self.notes[key] = note


def digest_of(name: str) -> str:
    """Return a digest that stands for the content under `name`."""
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"
