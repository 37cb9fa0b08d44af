"""HTTP to one registry: connections kept open, and plain HTTP where the engine uses it too.

`http.client` carries it: this is on the path of every look, where importing httpx would cost more
than the requests do.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Mapping
from http.client import (
    BadStatusLine,
    HTTPConnection,
    HTTPException,
    HTTPMessage,
    HTTPSConnection,
    RemoteDisconnected,
)
from typing import NamedTuple

CONNECT_TIMEOUT = 3.0
READ_TIMEOUT = 15.0
TRIES = 3
LONGEST_WAIT = 10.0
"""Seconds that a registry's Retry-After may keep us waiting each time."""
SHORT_WAIT = 0.1
"""Seconds after which a read that failed inside of a registry is tried again."""
_BROKEN = (500, 502, 503, 504)

HUB = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}


class Patience(NamedTuple):
    """How long a registry is waited for: seconds to connect and to read, and tries in all."""

    connect: float = CONNECT_TIMEOUT
    read: float = READ_TIMEOUT
    tries: int = TRIES


PATIENT = Patience()


class Response(NamedTuple):
    """An answer, read to its end."""

    status: int
    headers: HTTPMessage
    body: bytes


class Request(NamedTuple):
    """A request to `host`."""

    host: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None


def is_loopback(host: str) -> bool:
    """Say whether `host[:port]` names this machine, where the engine needs no TLS."""
    name = host.removeprefix("[").partition("]")[0] if "[" in host else host.partition(":")[0]
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class OciHttp:
    """Sends requests to registries; idle connections are kept for any thread."""

    def __init__(
        self, sleep: Callable[[float], None] = time.sleep, patience: Patience = PATIENT
    ) -> None:
        self._sleep = sleep
        self._patience = patience
        # A list's append and pop are atomic, so threads need no lock to share them.
        self._idle: dict[tuple[str, bool], list[HTTPConnection]] = {}
        self._encrypted: dict[str, bool] = {}

    def send(self, request: Request) -> Response:
        """Return the answer; what may be better in a moment is tried again, a few times at most.

        That is a 429, when the registry says, and a read that fails inside of the registry: CNCF
        Distribution writes the files of a manifest in place, so that one who reads it while it is
        tagged meets an empty one (500, "invalid checksum digest format").
        Raises `OSError` or `HTTPException` when no answer comes.
        """
        for _ in range(self._patience.tries - 1):
            response = self._send(request)
            if response.status == 429:  # noqa: PLR2004 - Too Many Requests, RFC 6585
                self._sleep(_wait(response))
            elif response.status in _BROKEN and request.method in ("GET", "HEAD"):
                self._sleep(SHORT_WAIT)
            else:
                return response
        return self._send(request)

    def _send(self, request: Request) -> Response:
        host = HUB.get(request.host, request.host)
        known = self._encrypted.get(host)
        if known is not None or not is_loopback(host):
            return self._exchange(host, known is not False, request)
        try:
            response: Response | None = self._exchange(host, encrypted=False, request=request)
        except RemoteDisconnected:
            raise  # it is starting: a TLS server would have said something
        except BadStatusLine:
            response = None
        # Go's TLS server answers plain HTTP with this text and status 400.
        if response is None or (response.status == 400 and b"HTTPS server" in response.body):  # noqa: PLR2004
            response = self._exchange(host, encrypted=True, request=request)
            self._encrypted[host] = True
        else:
            self._encrypted[host] = False
        return response

    def _exchange(self, host: str, encrypted: bool, request: Request) -> Response:  # noqa: FBT001
        idle = self._idle.setdefault((host, encrypted), [])
        try:
            connection = idle.pop()
        except IndexError:
            connection = None
        if connection is not None:
            try:
                return _over(connection, idle, request)
            except (ConnectionError, HTTPException):
                # The registry closed the idle connection: every request here may be repeated.
                connection.close()
        return _over(_connect(host, encrypted, self._patience), idle, request)

    def close(self) -> None:
        """Close the idle connections; the next request opens new ones."""
        for idle in self._idle.values():
            while idle:
                idle.pop().close()


def _over(connection: HTTPConnection, idle: list[HTTPConnection], request: Request) -> Response:
    """Send `request` over `connection`, which is idle afterwards or closed."""
    try:
        connection.request(request.method, request.path, request.body, dict(request.headers))
        answer = connection.getresponse()
        response = Response(answer.status, answer.headers, answer.read())
    except BaseException:
        connection.close()
        raise
    idle.append(connection)
    return response


def _connect(host: str, encrypted: bool, patience: Patience) -> HTTPConnection:  # noqa: FBT001
    kind = HTTPSConnection if encrypted else HTTPConnection
    connection = kind(host, timeout=patience.connect)
    try:
        connection.connect()
    except BaseException:
        connection.close()  # a failed TLS handshake leaves the socket open
        raise
    connection.sock.settimeout(patience.read)
    return connection


def _wait(response: Response) -> float:
    """Return the seconds that Retry-After asks for (RFC 9110, 10.2.3), within bounds."""
    text = response.headers.get("Retry-After", "")
    return min(float(text), LONGEST_WAIT) if text.isdecimal() else 1.0
