"""A real HAProxy gateway in a lab, apps behind it, and a load of requests through it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import NamedTuple, Self

import pytest
from engine_fixtures import ADDRESS, Lab, eventually, laboratory
from support.scenario import free_port

from gitops.drivers.base import Upstream
from gitops.drivers.gateway.names import CERTIFICATE_FOLDER, CHECK_AGENT
from gitops.drivers.gateway.reader import DockerGatewayReader
from gitops.drivers.gateway.writer import DockerGateway
from gitops.model.image import parse_image
from gitops.model.routes import Check, Route, Server, ServerHealth
from gitops.model.wanted import PublishedPort
from gitops.model.webapp import Confinement, Mount

CHECK = Check("/health", ((200, 299),), interval=0.2, timeout=0.3, failures=3)


class Answer(NamedTuple):
    """What a user gets; status 0 when the connection broke, and why in `text`."""

    status: int
    text: str
    headers: Mapping[str, str] = {}


class Bench(NamedTuple):
    """A lab with a gateway in front of it."""

    lab: Lab
    reader: DockerGatewayReader
    writer: DockerGateway
    gateway: str
    port: int
    https: int

    def server(self, container: str, port: int = 8000) -> Server:
        """Return a running container as a server, by its address in the lab's network."""
        return Server(container, port, self._network(container)["IPAddress"])

    def route(self, *containers: str, app: str = "shop") -> Route:
        """Return a route of `app` to containers that run."""
        servers = tuple(self.server(each) for each in containers)
        return Route(app, (f"{app}.localhost",), servers, 5.0)

    def upstream(self, container: str, port: int = 8000) -> Upstream:
        """Return a running container as one that can be asked."""
        return Upstream("shop.localhost", self.server(container, port))

    def machine(self) -> str:
        """Return the address by which containers of the lab reach this machine."""
        return self._network(self.gateway)["Gateway"]

    def _network(self, container: str) -> Mapping[str, str]:
        found = self.lab.http.call("GET", f"/containers/{container}/json").json()
        return found["NetworkSettings"]["Networks"][self.lab.name]  # type: ignore[index,no-any-return]

    def get(self, host: str, path: str = "/") -> tuple[int, str]:
        """Ask the gateway as a user does; status 0 when the connection breaks."""
        return self.ask(host, path)[:2]

    def ask(
        self,
        host: str,
        path: str = "/",
        method: str = "GET",
        headers: Mapping[str, str] = {},
        body: bytes | Iterator[bytes] | None = None,
    ) -> Answer:
        """Make one request on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {"Host": host, **headers})
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
            return Answer(response.status, text, dict(response.headers.items()))
        except (OSError, HTTPException) as error:
            return Answer(0, str(error))
        finally:
            connection.close()

    def health(self) -> dict[str, ServerHealth]:
        """Return what the gateway's checks say, by container."""
        return {each.container: each for each in self.reader.health(self.gateway)}


def create_gateway(lab: Lab, user: str = "") -> Bench:
    """Create a gateway's container, not started, without a configuration."""
    port, https = free_port(), free_port()
    wanted = lab.container(
        "gateway",
        image=parse_image("haproxy:lts"),
        entrypoint=("haproxy",),
        command=("-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"),
        env=(("GITOPS_PROBE_TOKEN", secrets.token_hex(16)),),
        ports=(PublishedPort("127.0.0.1", port, 8080), PublishedPort("127.0.0.1", https, 8443)),
        mounts=(Mount(CERTIFICATE_FOLDER, f"{lab.name}-certificates"),),
        confinement=Confinement(user=user),
    )
    lab.engine.create_container(wanted, {})
    reader = DockerGatewayReader(lab.http, ADDRESS)
    writer = DockerGateway(lab.engine, lab.http, reader)
    return Bench(lab, reader, writer, wanted.name, port, https)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Give a gateway that serves no route yet."""
    with laboratory() as lab:
        made = create_gateway(lab)
        made.writer.restore(made.gateway, ())
        lab.engine.start(made.gateway)
        eventually(lambda: made.reader.state(made.gateway).served != "")
        yield made


class Seen(NamedTuple):
    """A request as an app got it; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class App(ThreadingHTTPServer):
    """An app whose behaviour a test decides, on this machine.

    `/health` answers `health`; 0 is no answer. `/slow` answers when `release` is set, and other
    paths at once with the app's name. A request to upgrade becomes a tunnel that echoes.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: str, name: str) -> None:
        super().__init__((address, 0), _Handler)
        self.name = name
        self.health = 200
        self.status = 200
        self.content_type = "text/plain"
        self.text = name
        self.release = Event()
        self.seen: list[Seen] = []
        self.checks = 0

    def as_server(self) -> Server:
        """Return it as a server of a route."""
        return Server(self.name, int(self.server_address[1]), str(self.server_address[0]))

    def handle_error(self, *_: object) -> None:
        """Say nothing: clients and gateways hang up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: App

    def do_GET(self) -> None:
        """Answer any request."""
        app = self.server
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        if headers.get("user-agent") == CHECK_AGENT:
            app.checks += 1
            self._check()
            return
        app.seen.append(Seen(self.command, self.path, headers, body))
        if "upgrade" in headers:
            self._tunnel(headers["upgrade"])
            return
        if self.path == "/slow":
            app.release.wait(20)
        if self.path == "/break":
            self.close_connection = True
            return
        self._answer(app.status, app.text)

    do_POST = do_GET  # noqa: N815 - the name that http.server asks for

    def _check(self) -> None:
        if self.server.health:
            self._answer(self.server.health, "health")
        else:
            self.server.release.wait(5)
            self.close_connection = True

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", self.server.content_type)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def _tunnel(self, protocol: str) -> None:
        self.send_response(101)
        self.send_header("Upgrade", protocol)
        self.send_header("Connection", "Upgrade")
        self.end_headers()
        while data := self.connection.recv(1000):
            self.connection.sendall(data)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def running(*apps: App) -> Iterator[None]:
    """Let apps answer, and end them."""
    threads = [Thread(target=app.serve_forever, args=(0.01,)) for app in apps]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for app in apps:
            app.release.set()
            with suppress(OSError):
                app.shutdown()
                app.server_close()
        for thread in threads:
            thread.join()


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
