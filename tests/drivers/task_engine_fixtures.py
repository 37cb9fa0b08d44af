"""What tests of the engine of tasks share: a run's mark, and a clean engine afterwards."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event
from typing import NamedTuple

import pytest
from engine_fixtures import ADDRESS

from gitops.drivers.base import DriverError, RunMark, Sink, StepContainer, StepEnd
from gitops.drivers.builders.docker_config import Auths, Endpoint
from gitops.drivers.engine.connection import connect_engine
from gitops.drivers.engine.http import EngineHttp
from gitops.drivers.tasks.engine import DockerTaskEngine


class Shop(NamedTuple):
    """An engine of tasks, the calls behind it, and the mark of a run that nobody else has."""

    engine: DockerTaskEngine
    http: EngineHttp
    mark: RunMark

    @property
    def name(self) -> str:
        """A name that nobody else uses."""
        return self.mark.run

    def step(self, *command: str, suffix: str = "", **changes: object) -> StepContainer:
        """Return a container of busybox."""
        made = StepContainer(f"{self.name}{suffix}", "busybox:latest", self.mark, command)
        return made._replace(**changes)  # type: ignore[arg-type]

    def run(self, step: StepContainer, sink: Sink) -> StepEnd:
        """Create a container, run it to its end, and remove it."""
        made = self.engine.create(step)
        try:
            return self.engine.run(made, sink, Event())
        finally:
            self.engine.remove(made)

    def said(self, *command: str, **changes: object) -> str:
        """Return what a command in a container of busybox says."""
        heard: list[str] = []
        end = self.run(self.step(*command, **changes), heard.append)
        assert end.exit_code == 0, heard
        return "".join(heard)

    def left(self) -> list[tuple[str, str]]:
        """Return kind and name of what carries the mark."""
        found = self.engine.leftovers()
        return [(one.kind, one.name) for one in found if one.mark == self.mark]


def open_engine(
    address: str, auths: Auths | None = None, environ: Mapping[str, str] = os.environ
) -> tuple[DockerTaskEngine, EngineHttp]:
    """Return an engine of tasks at an address, and the calls behind it."""
    http = connect_engine(address, environ)
    return DockerTaskEngine(http, Endpoint(address, auths or {}, environ)), http


@contextmanager
def open_shop(
    address: str = ADDRESS, auths: Auths | None = None, environ: Mapping[str, str] = os.environ
) -> Iterator[Shop]:
    """Give a shop, and take away all that was made in it."""
    name = f"gitops-task-{uuid.uuid4().hex[:8]}"
    engine, http = open_engine(address, auths, environ)
    shop = Shop(engine, http, RunMark(name, "project", "host", "1:1"))
    remove: dict[str, Callable[[str], None]] = {
        "container": engine.remove,
        "network": engine.remove_network,
        "volume": engine.remove_volume,
    }
    try:
        yield shop
    finally:
        # An engine that a test has cut off is clean as seen by the others.
        with suppress(DriverError):
            for kind, left in shop.left():
                remove[kind](left)
        http.close()


@pytest.fixture
def shop() -> Iterator[Shop]:
    """Give a shop for one test."""
    with open_shop() as made:
        yield made
