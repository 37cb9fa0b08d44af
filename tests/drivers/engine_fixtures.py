"""What tests on a real engine share: unique names, connections that count, and a cleaned engine."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import quote

import pytest
from support.together import together

from gitops.drivers.engine.connection import connect_engine
from gitops.drivers.engine.http import EngineHttp
from gitops.drivers.engine.sdk_client import SdkClient
from gitops.drivers.engine.writer import DockerEngine
from gitops.model.address import Address
from gitops.model.image import parse_image
from gitops.model.wanted import WantedContainer
from gitops.model.webapp import Resources

ADDRESS = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
HTTPD = "echo {text} > /index.html; exec httpd -f -p 8000 -h /"


class Lab(NamedTuple):
    """An engine, the calls made to it, and a name that nobody else uses."""

    name: str
    http: EngineHttp
    engine: DockerEngine
    calls: list[tuple[str, str]]

    def container(self, suffix: str = "", **changes: object) -> WantedContainer:
        """Return a container that sleeps on the lab's network."""
        name = f"{self.name}-{suffix}" if suffix else self.name
        wanted = WantedContainer(
            name=name,
            owner=Address("WebApp", name),
            image=parse_image("busybox:latest"),
            entrypoint=(),
            command=("sleep", "600"),
            env=(),
            ports=(),
            mounts=(),
            labels={"gitops.project": self.name, "gitops.kind": "WebApp", "gitops.name": name},
            network=self.name,
            aliases=(),
            resources=Resources(),
            config="c0ffee",
        )
        return wanted._replace(**changes)  # type: ignore[arg-type]

    def run(self, suffix: str = "", **changes: object) -> str:
        """Create and start a container; return its name."""
        wanted = self.container(suffix, **changes)
        self.engine.create_container(wanted, {})
        self.engine.start(wanted.name)
        return wanted.name

    def serve(self, suffix: str, text: str) -> str:
        """Run a web server that answers `text` on port 8000; return its container's name."""
        return self.run(suffix, command=("sh", "-c", HTTPD.format(text=text)))


@contextmanager
def laboratory() -> Iterator[Lab]:
    """Give a lab with a network, and take away all that was made in it."""
    calls: list[tuple[str, str]] = []

    def observe(method: str, path: str) -> None:
        calls.append((method, path))

    name = f"gitops-test-{uuid.uuid4().hex[:8]}"
    client = SdkClient(ADDRESS, os.environ, observe)
    lab = Lab(name, connect_engine(ADDRESS, os.environ, observe), DockerEngine(client, {}), calls)
    lab.engine.create_network(name, {"gitops.project": name})
    try:
        yield lab
    finally:
        _clean(lab)
        client.close()
        lab.http.close()


def _clean(lab: Lab) -> None:
    label = quote(json.dumps({"label": [f"gitops.project={lab.name}"]}))
    listed = lab.http.call("GET", f"/containers/json?all=1&filters={label}").json()
    together(lab.engine.remove, [found["Id"] for found in listed])  # type: ignore[attr-defined]
    for found in lab.http.call("GET", "/volumes").json()["Volumes"] or ():  # type: ignore[index]
        if lab.name in found["Name"]:
            lab.engine.remove_volume(found["Name"])
    lab.engine.remove_network(lab.name)


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Give a lab for one test."""
    with laboratory() as made:
        yield made


def inspect(lab: Lab, name: str) -> dict[str, dict[str, object]]:
    """Return what the engine tells of a container."""
    return lab.http.call("GET", f"/containers/{name}/json").json()  # type: ignore[return-value]


def discard(_line: str) -> None:
    """Take a line of a log that the test does not read."""


def discard_code(_code: int) -> None:
    """Take an exit code that the test does not look at."""


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Return once `condition` holds; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come to hold"
        time.sleep(0.02)
