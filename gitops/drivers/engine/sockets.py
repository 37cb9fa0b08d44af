"""Connections to a local engine on which `http.client` speaks; to import this loads that."""

from __future__ import annotations

import socket
from http.client import HTTPConnection
from urllib.parse import urlsplit


class _UnixConnection(HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path
        self._patience = timeout

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._patience)
        self.sock.connect(self._path)


def connection(address: str, timeout: float) -> HTTPConnection:
    """Return a connection to a `unix://` or plain `tcp://` address, not open yet.

    `timeout` is the seconds after which a call without a byte is given up.
    """
    url = urlsplit(address)
    if url.scheme == "unix":
        return _UnixConnection(url.path, timeout)
    return HTTPConnection(url.hostname or "localhost", url.port or 2375, timeout=timeout)
