"""Connections to engines that are not on a plain socket."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from support.own_certificate import write_certificate

from gitops.drivers.engine.dial import dial


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[str]:
    """Give the address of a server that takes one client, and only one with our certificate."""
    write_certificate(tmp_path, "localhost")
    for name, source in (("ca", "own.pem"), ("cert", "own.pem"), ("key", "own.key")):
        (tmp_path / f"{name}.pem").write_bytes((tmp_path / source).read_bytes())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tmp_path / "ca.pem"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with socket.create_server(("localhost", 0)) as server:

        def serve() -> None:
            plain, _ = server.accept()
            with context.wrap_socket(plain, server_side=True) as client:
                client.sendall(b"heard " + client.recv(100))

        serving = Thread(target=serve)
        serving.start()
        yield f"tcp://localhost:{server.getsockname()[1]}"
        serving.join(10)


def test_tls_is_that_of_the_docker_cli(guarded: str, tmp_path: Path) -> None:
    """With DOCKER_TLS_VERIFY, both sides prove who they are by the files of DOCKER_CERT_PATH."""
    environ = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    with dial(guarded, environ) as connection:
        connection.sendall(b"hello")
        assert connection.recv(100) == b"heard hello"


def test_ssh_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """Without a program `ssh` there is no connection, and no process either."""
    with pytest.raises(OSError, match="ssh"):
        dial("ssh://far", {"PATH": str(tmp_path)})
