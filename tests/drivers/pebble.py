"""Pebble, the ACME authority that its makers test clients with, from Debian's package.

It keeps all in memory. Names resolve to this machine by the DNS server that comes with it, and it
looks for the answers to its questions at a port of ours instead of port 80.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.client import HTTPSConnection
from pathlib import Path
from typing import NamedTuple

from certificate_fixtures import client_context, kept
from registry_servers import Asked, Reply, serving
from support.eventual import eventually

from gitops.drivers.certificates import Issuer
from gitops.drivers.secret_reader import LocalSecretReader
from gitops.model.resources import Acme
from gitops.model.secret import FileSecret

CHALLENGE = "/.well-known/acme-challenge/"


class Answers:
    """A web server at the hosts: what it was told to answer, and what it was asked."""

    def __init__(self) -> None:
        self.told: list[dict[str, str]] = []
        self.asked: list[Asked] = []

    def __call__(self, tokens: Mapping[str, str]) -> None:
        """Answer these tokens from now on, as an issuer's `answer` does."""
        self.told.append(dict(tokens))

    def reply(self, request: Asked) -> Reply:
        """Answer a request as the gateway has to."""
        token = request.path.removeprefix(CHALLENGE)
        text = self.told[-1].get(token) if self.told else None
        self.asked.append(request)
        return Reply(404) if text is None else Reply(200, {}, text.encode())


class Pebble(NamedTuple):
    """A running authority: how to reach it, and the web server that it asks."""

    acme: Acme
    answers: Answers
    trusted: ssl.SSLContext
    management: int

    def root(self) -> bytes:
        """Return the root (PEM) of what it signs."""
        return self._manage("/roots/0")

    def _manage(self, path: str) -> bytes:
        connection = HTTPSConnection("localhost", self.management, context=self.trusted, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()


@contextmanager
def pebble(**environment: str) -> Iterator[Pebble]:
    """Run the authority, with more environment variables (PEBBLE_...) if wanted."""
    for program in ("pebble", "pebble-challtestsrv"):
        assert shutil.which(program), f"{program} is not installed: apt-get install pebble"
    answers = Answers()
    listen, management, dns, dns_management = _free_ports(4)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gitops-pebble-")))
        web, _ = stack.enter_context(serving(answers.reply))
        root = _configure(folder, (listen, management), int(web.partition(":")[2]))
        # The DNS server knows every name, and no IPv6, which this machine may lack.
        names = [f"-dns01=127.0.0.1:{dns}", f"-management=127.0.0.1:{dns_management}"]
        unused = ["-http01=", "-https01=", "-tlsalpn01=", "-defaultIPv6="]
        stack.enter_context(_running(folder, ["pebble-challtestsrv", *names, *unused], {}))
        _until_open(dns_management)
        command = ["pebble", "-config", f"{folder}/config.json", "-dnsserver", f"127.0.0.1:{dns}"]
        fast = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", **environment}
        stack.enter_context(_running(folder, command, fast))
        _until_open(listen)
        _until_open(management)
        acme = Acme(f"https://localhost:{listen}/dir", "ops@example.com", FileSecret(str(root)))
        yield Pebble(acme, answers, client_context(root.read_bytes()), management)


def _configure(folder: Path, ports: tuple[int, int], web: int) -> Path:
    """Write the configuration and the certificate of its HTTPS; return the file with the root."""
    held, ours = kept(), Issuer(LocalSecretReader({}))
    (folder / "https.pem").write_bytes(ours.internal(["localhost", "127.0.0.1"], held.vault).pem)
    (folder / "root.pem").write_bytes(ours.authority(held.vault))
    settings = {
        "listenAddress": f"127.0.0.1:{ports[0]}",
        "managementListenAddress": f"127.0.0.1:{ports[1]}",
        "certificate": f"{folder}/https.pem",
        "privateKey": f"{folder}/https.pem",
        "httpPort": web,
        "tlsPort": web,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
        "domainBlocklist": ["blocked.example.com"],
    }
    (folder / "config.json").write_text(json.dumps({"pebble": settings}))
    return folder / "root.pem"


@contextmanager
def _running(folder: Path, command: list[str], environment: Mapping[str, str]) -> Iterator[None]:
    """Run a program until the end of the block."""
    with (folder / f"{command[0]}.log").open("wb") as log:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            process.kill()
            process.wait()


def _free_ports(count: int) -> list[int]:
    """Return ports of loopback that nobody uses; they differ from each other."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


def _until_open(port: int) -> None:
    """Wait until a program takes connections at `port`."""

    def takes() -> bool:
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", port)) == 0

    eventually(takes, what=f"a connection to port {port}")
