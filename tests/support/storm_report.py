"""What a storm of requests is aimed at, how it is made up, and what it reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

NOT_READY = "NOT READY"
"""What the test application answers before it is ready; a user must never see it."""


class Aim(NamedTuple):
    """Where requests go: to `127.0.0.1:port`, or another address, in the name of `host`.

    `tls` asks by https with `host` as the server's name, checked against the certificates in the
    file `ca`, or not at all if that is empty. A failure is an answer with another status than those
    in `statuses`, or none within `patience` seconds.
    """

    port: int
    host: str = "localhost"
    path: str = "/"
    address: str = "127.0.0.1"
    tls: bool = False
    ca: str = ""
    statuses: Sequence[int] = (200,)
    patience: float = 10.0


class Shape(NamedTuple):
    """How many clients of each kind, and requests a second of the busy and of the one-shot ones.

    A slow client's pause spares the seconds about the gateway's keep-alive timeout of 5 s: a
    request that crosses the orderly end of an idle connection can fail with any server.
    """

    busy: int = 40
    rate: float = 480.0
    slow: int = 8
    pauses: Sequence[Sequence[float]] = ((1.0, 4.5), (5.5, 8.0))
    single: int = 4
    single_rate: float = 40.0

    def times(self, factor: float) -> Self:
        """Return the shape with so many times the requests, from as many clients."""
        return self._replace(rate=self.rate * factor, single_rate=self.single_rate * factor)


FIVE_HUNDRED = Shape()
"""A little more than 500 requests a second, so that 500 are reached."""

THOUSAND = FIVE_HUNDRED.times(2)


class Failure(NamedTuple):
    """A request that did not get what it asked for: seconds since the storm began, and why."""

    at: float
    client: str
    reason: str


class Seen(NamedTuple):
    """A replica that answered, how often, and when it did so first and last, in seconds."""

    version: str
    host: str
    count: int
    first: float
    last: float


class Serial(NamedTuple):
    """A certificate that the server showed, by its serial number in hex, and when."""

    serial: str
    count: int
    first: float
    last: float


class Latency(NamedTuple):
    """Milliseconds from when a request was due at a free client to the end of its answer."""

    median: float
    p99: float
    longest: float


class Report(NamedTuple):
    """What a storm has seen so far. `began` is on the clock of `time.monotonic()`.

    `failures` holds the first thousand; `failed` counts all. `gap` is the longest time in seconds
    without a good answer.
    """

    began: float
    seconds: float
    answers: int
    failed: int
    failures: list[Failure]
    seen: list[Seen]
    serials: list[Serial]
    latency: Latency
    gap: float

    @property
    def achieved(self) -> float:
        """Requests a second that were answered well."""
        return self.answers / self.seconds if self.seconds else 0.0

    @property
    def versions(self) -> list[str]:
        """The versions that answered, in the order of their first answers."""
        return list(dict.fromkeys(one.version for one in self.seen))

    @property
    def hosts(self) -> list[str]:
        """The replicas that answered, in the order of their first answers."""
        return list(dict.fromkeys(one.host for one in self.seen))

    @property
    def not_ready(self) -> list[Failure]:
        """The requests that reached a replica before it was ready."""
        return [failure for failure in self.failures if NOT_READY in failure.reason]

    def of(self, version: str) -> list[Seen]:
        """Return the replicas of a version."""
        return [one for one in self.seen if one.version == version]

    def share(self, version: str) -> float:
        """Return which part of the answers came from a version."""
        return sum(one.count for one in self.of(version)) / self.answers if self.answers else 0.0

    def text(self) -> str:
        """Return the report as one line of JSON."""
        return json.dumps(self)

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the report that `text` wrote."""
        values: list[Any] = json.loads(text)
        report = cls(*values)
        return report._replace(
            failures=[Failure(*one) for one in report.failures],
            seen=[Seen(*one) for one in report.seen],
            serials=[Serial(*one) for one in report.serials],
            latency=Latency(*report.latency),
        )

    def __str__(self) -> str:
        first = "".join(
            f"\n  {one.at:.3f} s {one.client}: {one.reason}" for one in self.failures[:9]
        )
        return (
            f"{self.answers} answers in {self.seconds:.1f} s ({self.achieved:.0f}/s), "
            f"{self.failed} failed, p99 {self.latency.p99:g} ms, "
            f"longest {self.latency.longest:g} ms, gap {self.gap:.3f} s, "
            f"versions {', '.join(self.versions)}{first}"
        )
