"""The clients of a storm, all in one event loop: they ask in time, and tell the record."""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections.abc import Iterator
from typing import NamedTuple

from support.http_answer import HttpAnswer
from support.storm_link import Link
from support.storm_record import Record, problem
from support.storm_report import Aim, Shape

BACKLOG = 2.0
"""Seconds of requests that a client makes up for when answers were late."""


class Manner(NamedTuple):
    """How a client asks: whether it keeps its connection, when first, and after which pauses.

    A fixed rhythm is kept up with; otherwise the pause begins with the answer.
    """

    name: str
    keeps: bool
    first: float
    pauses: Iterator[float]
    fixed: bool


def manners(shape: Shape) -> Iterator[Manner]:
    """Yield every client of a shape, those of a kind evenly spread over their interval."""
    kinds = (
        ("busy", shape.busy, shape.rate, True),
        ("one", shape.single, shape.single_rate, False),
    )
    for kind, number, rate, keeps in kinds:
        interval = number / rate if rate else 1e9
        for each in range(number if rate else 0):
            first = interval * each / number
            yield Manner(f"{kind} {each}", keeps, first, _same(interval), fixed=True)
    for each in range(shape.slow):
        chance = random.Random(each)  # noqa: S311 - the same pauses in each run
        yield Manner(
            f"slow {each}", keeps=True, first=0.0, pauses=_some(chance, shape), fixed=False
        )


def _same(interval: float) -> Iterator[float]:
    while True:
        yield interval


def _some(chance: random.Random, shape: Shape) -> Iterator[float]:
    while True:
        yield chance.uniform(*chance.choice(shape.pauses))


class Client:
    """Asks again and again, each time after the answer to the request before."""

    def __init__(
        self, manner: Manner, aim: Aim, tls: ssl.SSLContext | None, record: Record
    ) -> None:
        self._manner = manner
        self._aim = aim
        self._record = record
        self._tls = tls
        self._statuses = frozenset(aim.statuses)
        end = "" if manner.keeps else "Connection: close\r\n"
        head = f"GET {aim.path} HTTP/1.1\r\nHost: {aim.host}\r\n{end}\r\n"
        self._request = head.encode()
        self._loop = asyncio.get_running_loop()
        self._link: Link | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._due = record.began + manner.first
        self._asked = 0.0
        self._loop.call_at(self._due, self._ask)

    def hurry(self, now: float) -> None:
        """Give up a request that has waited for too long."""
        if self._asked and now - self._asked > self._aim.patience:
            if self._connecting:
                self._connecting.cancel()
            if self._link:
                self._link.close(at_once=True)
            self._told(f"no answer in {self._aim.patience:g} s")

    def _ask(self) -> None:
        self._asked = time.monotonic()
        if self._link is not None and self._link.usable():
            self._link.send(self._request)
            return
        if self._link is not None:
            self._link.close()
        self._connecting = self._loop.create_task(self._connect())

    async def _connect(self) -> None:
        aim = self._aim
        try:
            _, self._link = await self._loop.create_connection(
                lambda: Link(self._told, self._record.shown),
                aim.address,
                aim.port,
                ssl=self._tls,
                server_hostname=aim.host if self._tls else None,
            )
        except OSError as error:
            self._told(f"{type(error).__name__}: {error}")
        else:
            self._link.send(self._request)

    def _told(self, what: HttpAnswer | str) -> None:
        now = time.monotonic()
        if isinstance(what, str):
            self._record.failed(self._manner.name, what)
        elif reason := problem(what.status, what.body, self._statuses):
            self._record.failed(self._manner.name, reason)
        else:
            self._record.answered(what.body, now - self._asked)
        if self._link and (isinstance(what, str) or not (what.keeps and self._manner.keeps)):
            self._link.close()
            self._link = None
        self._asked = 0.0
        pause = next(self._manner.pauses)
        self._due = max(self._due + pause, now - BACKLOG) if self._manner.fixed else now + pause
        self._loop.call_at(self._due, self._ask)
