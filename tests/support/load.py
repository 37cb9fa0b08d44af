"""A constant load of real HTTP requests on one address, with a record of every one that failed.

Three kinds of clients, since each is hurt by something else: busy ones that keep a connection and
ask all the time, slow ones that keep a connection and ask seldom (a proxy that ends an idle
connection, or the server behind it, breaks these), and ones that connect anew for each request.
"""

from __future__ import annotations

import random
import select
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from threading import Event, Lock, Thread
from typing import NamedTuple, Self

TIMEOUT = 10.0
"""Seconds after which an answer that has not come is a failure."""

BACKLOG = 2.0
"""Seconds of requests that a client makes up for when answers were late."""


class Failure(NamedTuple):
    """A request that did not get what it asked for: seconds since the load began, and why."""

    at: float
    client: str
    reason: str


class Shape(NamedTuple):
    """How many clients of each kind, and requests a second of the busy and of the one-shot ones.

    A slow client's pause spares the seconds about the gateway's keep-alive timeout of 5 s: a
    request that crosses the orderly end of an idle connection can fail with any server.
    """

    busy: int = 32
    rate: float = 300.0
    slow: int = 8
    pauses: tuple[tuple[float, float], ...] = ((1.0, 4.5), (5.5, 8.0))
    single: int = 2
    single_rate: float = 20.0


CONSTANT = Shape()


class Load:
    """Asks `http://127.0.0.1:port/` for `host` while the body of a `with` runs.

    `longest` bounds it in seconds, whatever the body does.
    """

    def __init__(
        self, port: int, host: str, shape: Shape = CONSTANT, longest: float = 240.0
    ) -> None:
        self._port = port
        self._host = host
        self._stop = Event()
        self._lock = Lock()
        self._answers = 0
        self._began = time.monotonic()
        self._latest = self._began + longest
        self.failures: list[Failure] = []
        self.bodies: dict[str, float] = {}
        self._threads = [
            *self._clients("busy", shape.busy, shape.rate, self._keep),
            *self._clients("single", shape.single, shape.single_rate, self._anew),
            *(
                Thread(target=self._idle, args=(f"slow {number}", number, shape.pauses))
                for number in range(shape.slow)
            ),
        ]

    @property
    def answers(self) -> int:
        """How many requests were answered well so far."""
        return self._answers

    @property
    def achieved(self) -> float:
        """Requests a second that were answered well since the load began."""
        return self._answers / (time.monotonic() - self._began)

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> float:
        """End the load; return the requests a second that were answered well."""
        achieved = self.achieved
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return achieved

    def _clients(
        self, kind: str, number: int, rate: float, ask: Callable[[str, float, float], None]
    ) -> list[Thread]:
        """Return clients that share a rate, each at its own moment of the common interval."""
        interval = number / rate if rate else 0.0
        return [
            Thread(target=ask, args=(f"{kind} {each}", interval, interval * each / number))
            for each in range(number)
        ]

    def _keep(self, client: str, interval: float, offset: float) -> None:
        connection = self._connection()
        due = self._began + offset
        while self._waited(due):
            self._ask(client, connection)
            due = max(due + interval, time.monotonic() - BACKLOG)
        connection.close()

    def _anew(self, client: str, interval: float, offset: float) -> None:
        due = self._began + offset
        while self._waited(due):
            connection = self._connection()
            self._ask(client, connection)
            connection.close()
            due = max(due + interval, time.monotonic() - BACKLOG)

    def _idle(self, client: str, number: int, pauses: tuple[tuple[float, float], ...]) -> None:
        chance = random.Random(number)  # noqa: S311 - the same pauses in each run
        connection = self._connection()
        due = self._began
        while self._waited(due):
            self._ask(client, connection)
            due = time.monotonic() + chance.uniform(*chance.choice(pauses))
        connection.close()

    def _waited(self, due: float) -> bool:
        """Wait until `due`; say whether the load goes on."""
        self._stop.wait(max(0.0, due - time.monotonic()))
        return not self._stop.is_set() and time.monotonic() < self._latest

    def _connection(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT)

    def _ask(self, client: str, connection: HTTPConnection) -> None:
        _forget_ended(connection)
        try:
            connection.request("GET", "/", headers={"Host": self._host})
            response = connection.getresponse()
            body = response.read().decode(errors="replace").strip()
            reason = "" if response.status == 200 else f"status {response.status}: {body[:80]}"
        except (OSError, HTTPException) as error:
            reason = f"{type(error).__name__}: {error}"
            connection.close()
        now = time.monotonic() - self._began
        with self._lock:
            if reason:
                self.failures.append(Failure(round(now, 3), client, reason))
                return
            self._answers += 1
            self.bodies.setdefault(body, now)


def _forget_ended(connection: HTTPConnection) -> None:
    """Close a kept connection that the other side has ended, as every client does before use."""
    if connection.sock is not None and select.select([connection.sock], [], [], 0)[0]:
        connection.close()
