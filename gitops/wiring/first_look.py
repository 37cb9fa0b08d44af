"""A look at an engine that begins before it is known what to look for.

Reading the specs takes as long as the engine takes to answer. So both go on at the same time: the
engine that the settings name is asked while the specs are read. A bundle whose targets are on
another engine does not use the answer. It is used once; whoever looks again asks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gitops.drivers.base import DriverError, EngineReader, GatewayReader
from gitops.drivers.engine.connection import connect_engine
from gitops.drivers.engine.http import EngineHttp, Observer, unobserved
from gitops.drivers.engine.reader import DockerEngineReader
from gitops.drivers.gateway.reader import DockerGatewayReader
from gitops.engine.looks.together import Look
from gitops.model.observed import LABEL_PROJECT, EngineSnapshot, GatewayState
from gitops.model.routes import ServerHealth
from gitops.settings import Settings


class _Seen(NamedTuple):
    """What was there; a gateway that could not be looked at is left out, to be asked again."""

    snapshot: EngineSnapshot
    gateways: Mapping[str, GatewayState]


class FirstLook:
    """Looks at the engine at `address`, in a thread, from the moment that it is made."""

    def __init__(self, project: str, settings: Settings, observer: Observer = unobserved) -> None:
        self.address = settings.engine
        self.project = project
        # A list, because its pop is atomic: of two threads that ask, one gets the answer.
        self._look = [Look(lambda: _look(project, settings, observer))]
        self._gateways: dict[str, GatewayState] = {}

    def snapshot(self, project: str) -> EngineSnapshot | None:
        """Return what was seen, to the first who asks for the same project.

        Raises the `DriverError` that the look ended with.
        """
        if project != self.project:
            return None
        try:
            seen = self._look.pop().result()
        except IndexError:
            return None
        self._gateways = dict(seen.gateways)
        return seen.snapshot

    def gateway(self, container: str) -> GatewayState | None:
        """Return how a gateway was, to the first who asks."""
        return self._gateways.pop(container, None)


class EarlyEngineReader:
    """Satisfies `EngineReader`: the first answer is that of a first look, if it has one."""

    def __init__(self, first: FirstLook, reader: EngineReader) -> None:
        self._first = first
        self._reader = reader

    def snapshot(self, project: str) -> EngineSnapshot:
        """Return all that is there; raise `DriverError` when the engine cannot be reached."""
        return self._first.snapshot(project) or self._reader.snapshot(project)


class EarlyGatewayReader:
    """Satisfies `GatewayReader` in the same way."""

    def __init__(self, first: FirstLook, reader: GatewayReader) -> None:
        self._first = first
        self._reader = reader

    def state(self, container: str) -> GatewayState:
        """Return what it is configured to serve, and what it serves."""
        return self._first.gateway(container) or self._reader.state(container)

    def health(self, container: str) -> tuple[ServerHealth, ...]:
        """Return what its checks say now: that is never a first look's."""
        return self._reader.health(container)


def _look(project: str, settings: Settings, observer: Observer) -> _Seen:
    http = connect_engine(settings.engine, settings.environ, observer)
    try:
        snapshot = DockerEngineReader(http).snapshot(project)
        return _Seen(snapshot, _gateways(project, snapshot, http, settings.engine))
    finally:
        http.close()


def _gateways(
    project: str, snapshot: EngineSnapshot, http: EngineHttp, address: str
) -> Mapping[str, GatewayState]:
    reader = DockerGatewayReader(http, address)
    states = {}
    for container in snapshot.containers:
        owner = container.owner
        mine = container.labels.get(LABEL_PROJECT) == project
        if mine and owner is not None and owner.kind == "Target":
            try:
                states[container.name] = reader.state(container.name)
            except DriverError:
                continue
    return states
