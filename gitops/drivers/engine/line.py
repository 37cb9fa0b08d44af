"""A question to an engine that has a connection of its own, since its answer may take long.

Asked as HTTP/1.0: an answer to that is not cut into chunks, and ends with the connection.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event
from types import MappingProxyType
from typing import NamedTuple

from gitops.drivers.base import Cancel
from gitops.drivers.engine.dial import dial
from gitops.drivers.engine.http import Answer, Observer, reaching, unobserved
from gitops.drivers.engine.stream import TICK

_PIECE = 1 << 18
_HEAD = b"\r\n\r\n"
NEVER: Cancel = Event()
"""A flag that nobody raises."""


class Deadline:
    """A flag that is raised when `seconds` have passed."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def is_set(self) -> bool:
        """Say whether the time is over."""
        return time.monotonic() > self._until

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the time is over, at most `timeout` seconds."""
        left = max(self._until - time.monotonic(), 0.0)
        time.sleep(left if timeout is None else min(left, timeout))
        return self.is_set()


class Lines(NamedTuple):
    """Opens connections to the engine at `address`; `observer` is told what each one is for."""

    address: str
    environ: Mapping[str, str]
    observer: Observer = unobserved

    def dial(self, method: str, path: str) -> socket.socket:
        """Return a connection on which the caller asks this himself."""
        self.observer(method, path)
        with reaching(self.address):
            return dial(self.address, self.environ)

    @contextmanager
    def ask(
        self, method: str, path: str, headers: Mapping[str, str] = MappingProxyType({})
    ) -> Iterator[Line]:
        """Ask without a body, and give the line on which the answer comes."""
        with self.dial(method, path) as connection:
            told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            # The length is told, or an engine behind a proxy would wait for a body.
            length = "" if method == "GET" else "Content-Length: 0\r\n"
            head = f"{method} {path} HTTP/1.0\r\nHost: engine\r\n{length}{told}\r\n"
            with reaching(self.address):
                connection.sendall(head.encode())
            connection.settimeout(TICK)
            yield Line(connection, self.address)


class Line:
    """A connection on which one answer comes.

    What goes wrong on it is a `DriverError`: UNREACHABLE when the engine is gone.
    """

    def __init__(self, connection: socket.socket, address: str) -> None:
        self._connection = connection
        self._address = address
        self._early = b""

    def accepted(self, cancel: Cancel) -> int:
        """Wait for the head of the answer; return its status, 0 when `cancel` was raised first."""
        head = b""
        for piece in self._received(cancel):
            head += piece
            if _HEAD in head:
                told, _, self._early = head.partition(_HEAD)
                return int(told.split(None, 2)[1])
        if cancel.is_set():
            return 0
        with reaching(self._address):
            raise ConnectionResetError("it hung up")

    def pieces(self, cancel: Cancel) -> Iterator[bytes]:
        """Give the body as it comes, to its end or until `cancel` is raised."""
        early, self._early = self._early, b""
        if early:
            yield early
        yield from self._received(cancel)

    def answer(self, cancel: Cancel) -> Answer | None:
        """Return the whole answer; none when `cancel` was raised first."""
        status = self.accepted(cancel)
        body = b"".join(self.pieces(cancel))
        return None if cancel.is_set() else Answer(status, body, "")

    def records(self, cancel: Cancel) -> Iterator[dict[str, object]]:
        """Give the JSON objects that the body consists of, one a line."""
        rest = b""
        for piece in self.pieces(cancel):
            *whole, rest = (rest + piece).split(b"\n")
            yield from (json.loads(line) for line in whole if line.strip())
        if rest.strip() and not cancel.is_set():
            yield json.loads(rest)

    def close(self) -> None:
        """Hang up: the engine gives up what it does for us."""
        self._connection.close()

    def _received(self, cancel: Cancel) -> Iterator[bytes]:
        while not cancel.is_set():
            with reaching(self._address):
                try:
                    piece = self._connection.recv(_PIECE)
                except TimeoutError:
                    continue
            if not piece:
                return
            yield piece
