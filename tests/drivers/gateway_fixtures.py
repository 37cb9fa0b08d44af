"""A real HAProxy gateway in a lab, and a load of requests through it."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from threading import Event, Thread
from typing import NamedTuple, Self

import pytest
from engine_fixtures import ADDRESS, Lab, eventually, laboratory

from gitops.drivers.gateway.reader import DockerGatewayReader
from gitops.drivers.gateway.writer import DockerGateway
from gitops.model.image import parse_image
from gitops.model.routes import Route
from gitops.model.wanted import PublishedPort


class Bench(NamedTuple):
    """A lab with a gateway in front of it."""

    lab: Lab
    reader: DockerGatewayReader
    writer: DockerGateway
    gateway: str
    port: int

    def route(self, container: str, app: str = "shop", port: int = 8000) -> Route:
        """Return a route of `app` to a container."""
        return Route(app, (f"{app}.localhost",), container, port, 5.0)

    def get(self, host: str, path: str = "/") -> tuple[int, str]:
        """Ask the gateway as a user does; status 0 when the connection breaks."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": host})
            response = connection.getresponse()
            return response.status, response.read().decode()
        except (OSError, HTTPException) as error:
            return 0, str(error)
        finally:
            connection.close()


def create_gateway(lab: Lab) -> Bench:
    """Create a gateway's container, not started, without a configuration."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    wanted = lab.container(
        "gateway",
        image=parse_image("haproxy:lts"),
        entrypoint=("haproxy",),
        command=("-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"),
        env=(("GITOPS_PROBE_TOKEN", secrets.token_hex(16)),),
        ports=(PublishedPort("127.0.0.1", port, 8080),),
    )
    lab.engine.create_container(wanted, {})
    reader = DockerGatewayReader(lab.http, ADDRESS)
    return Bench(lab, reader, DockerGateway(lab.engine, lab.http, reader), wanted.name, port)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Give a gateway that serves no route yet."""
    with laboratory() as lab:
        made = create_gateway(lab)
        made.writer.restore(made.gateway, ())
        lab.engine.start(made.gateway)
        eventually(lambda: made.reader.state(made.gateway).served != "")
        yield made


class Load:
    """Keep-alive clients that ask all the time; each failure is kept."""

    def __init__(self, bench: Bench, host: str, clients: int = 8, pause: float = 0.03) -> None:
        self.answers = 0
        self.failures: list[str] = []
        self.bodies: set[str] = set()
        self._bench = bench
        self._host = host
        self._pause = pause
        self._stop = Event()
        self._threads = [Thread(target=self._ask) for _ in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        connection = HTTPConnection("127.0.0.1", self._bench.port, timeout=10)
        while not self._stop.wait(self._pause):
            try:
                connection.request("GET", "/", headers={"Host": self._host})
                response = connection.getresponse()
                self.bodies.add(response.read().decode().strip())
                if response.status != 200:
                    self.failures.append(f"status {response.status}")
                self.answers += 1
            except (OSError, HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
        connection.close()
