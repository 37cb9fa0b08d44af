"""Asks a gateway by HTTPS, and says which certificate it showed."""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import NamedTuple

from support.scenario import World


class Shown(NamedTuple):
    """What was answered, and the serial number (hex) of the certificate that came first."""

    status: int
    body: str
    serial: str


def ask(port: int, host: str, trusting: str) -> Shown:
    """Ask for `/`, trusting one root (PEM) only; raises `ssl.SSLError` and other OSErrors."""
    context = ssl.create_default_context(cadata=trusting)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    # By name: the certificate is the host's, and the address is this machine's.
    secure = context.wrap_socket(plain, server_hostname=host)
    try:
        seen = secure.getpeercert() or {}
        connection.sock = secure
        connection.request("GET", "/", headers={"Host": host})
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        return Shown(answer.status, text, str(seen.get("serialNumber", "")).lstrip("0").lower())
    finally:
        connection.close()
        secure.close()


def redirect(world: World, host: str, path: str) -> tuple[int, str]:
    """Return the status of an answer by HTTP, and where it sends to."""
    connection = http.client.HTTPConnection("127.0.0.1", world.gateway_port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("Location") or ""
    finally:
        connection.close()
