"""Pebble, the ACME authority that its makers test clients with, from Debian's package.

It keeps all in memory. Names resolve to this machine by the DNS server that comes with it, and it
looks for the answers to its questions at a port of the test's instead of port 80.
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

from support.eventual import eventually

from gitops.drivers.base import Vault
from gitops.drivers.certificates import Issuer
from gitops.drivers.secret_reader import LocalSecretReader


class Ports(NamedTuple):
    """Where it listens: for clients, and to be managed."""

    directory: int
    management: int


class Authority(NamedTuple):
    """One that runs: its directory, the root of its own HTTPS, and what trusts that."""

    directory: str
    root: Path
    trusted: ssl.SSLContext
    management: int

    def signer(self) -> bytes:
        """Return the root (PEM) of what it signs, which is another one each time it starts."""
        connection = HTTPSConnection("localhost", self.management, context=self.trusted, timeout=10)
        try:
            connection.request("GET", "/roots/0")
            return connection.getresponse().read()
        finally:
            connection.close()


def directory_at(ports: Ports) -> str:
    """Return the URL of the directory of one that listens there."""
    return f"https://localhost:{ports.directory}/dir"


def write_root(folder: Path) -> Path:
    """Write `https.pem`, what its HTTPS shows, and `root.pem`; return the latter."""
    held: dict[str, bytes] = {}
    vault, issuer = Vault(held.get, held.__setitem__), Issuer(LocalSecretReader({}))
    (folder / "https.pem").write_bytes(issuer.internal(["localhost", "127.0.0.1"], vault).pem)
    (folder / "root.pem").write_bytes(issuer.authority(vault))
    return folder / "root.pem"


@contextmanager
def authority(root: Path, ports: Ports, web: int, **environment: str) -> Iterator[Authority]:
    """Run it with what `write_root` wrote; it asks hosts at the port `web`.

    `environment` are more variables for it (PEBBLE_...).
    """
    for program in ("pebble", "pebble-challtestsrv"):
        assert shutil.which(program), f"{program} is not installed: apt-get install pebble"
    dns, dns_management = free_ports(2)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gitops-pebble-")))
        config = _configure(folder, root.parent / "https.pem", ports, web)
        # The DNS server knows every name, and no IPv6, which this machine may lack.
        names = [f"-dns01=127.0.0.1:{dns}", f"-management=127.0.0.1:{dns_management}"]
        unused = ["-http01=", "-https01=", "-tlsalpn01=", "-defaultIPv6="]
        stack.enter_context(_running(folder, ["pebble-challtestsrv", *names, *unused], {}))
        _until_open(dns_management)
        command = ["pebble", "-config", str(config), "-dnsserver", f"127.0.0.1:{dns}"]
        fast = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", **environment}
        stack.enter_context(_running(folder, command, fast))
        _until_open(ports.directory)
        _until_open(ports.management)
        trusted = ssl.create_default_context(cafile=str(root))
        trusted.verify_flags |= ssl.VERIFY_X509_STRICT
        yield Authority(directory_at(ports), root, trusted, ports.management)


def _configure(folder: Path, shown: Path, ports: Ports, web: int) -> Path:
    settings = {
        "listenAddress": f"127.0.0.1:{ports.directory}",
        "managementListenAddress": f"127.0.0.1:{ports.management}",
        "certificate": str(shown),
        "privateKey": str(shown),
        "httpPort": web,
        "tlsPort": web,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
        "domainBlocklist": ["blocked.example.com"],
    }
    path = folder / "config.json"
    path.write_text(json.dumps({"pebble": settings}))
    return path


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


def free_ports(count: int) -> list[int]:
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
