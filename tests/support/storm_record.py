"""Keeps count of what the clients of a storm see."""

from __future__ import annotations

import time
from collections import Counter

from support.storm_report import NOT_READY, Failure, Latency, Report, Seen, Serial

KEPT = 1000
"""Failures that are kept whole; a server that is down gives hundreds a second."""

STEP = 1e-4
"""Seconds to which latencies are counted: sorting them all would make the clients late."""


class Record:
    """Counts answers and failures. All times are seconds since `began`."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self._answers = 0
        self._failed = 0
        self._failures: list[Failure] = []
        self._seen: dict[tuple[str, str], Seen] = {}
        self._bodies: dict[bytes, tuple[str, str]] = {}
        self._serials: dict[str, Serial] = {}
        self._latencies: Counter[int] = Counter()
        self._latest = 0.0
        self._gap = 0.0

    def answered(self, body: bytes, latency: float) -> None:
        """Count a good answer, which took `latency` seconds."""
        now = time.monotonic() - self.began
        self._answers += 1
        self._latencies[int(latency / STEP)] += 1
        self._gap = max(self._gap, now - self._latest)
        self._latest = now
        key = self._bodies.get(body) or self._bodies.setdefault(body, who(body))
        before = self._seen.get(key)
        if before is None:
            self._seen[key] = Seen(*key, 1, now, now)
        else:
            self._seen[key] = Seen(*key, before[2] + 1, before[3], now)

    def failed(self, client: str, reason: str) -> None:
        """Count a failure."""
        self._failed += 1
        if len(self._failures) < KEPT:
            self._failures.append(Failure(time.monotonic() - self.began, client, reason))

    def shown(self, serial: str) -> None:
        """Count a connection whose server showed a certificate."""
        now = time.monotonic() - self.began
        before = self._serials.get(serial, Serial(serial, 0, now, now))
        self._serials[serial] = before._replace(count=before.count + 1, last=now)

    def report(self) -> Report:
        """Return all that was seen so far."""
        seconds = time.monotonic() - self.began
        return Report(
            self.began,
            seconds,
            self._answers,
            self._failed,
            self._failures,
            list(self._seen.values()),
            list(self._serials.values()),
            self._latency(),
            max(self._gap, seconds - self._latest),
        )

    def _latency(self) -> Latency:
        counted = sorted(self._latencies.items())
        return Latency(
            _percentile(counted, self._answers * 0.5),
            _percentile(counted, self._answers * 0.99),
            _percentile(counted, self._answers),
        )


def who(body: bytes) -> tuple[str, str]:
    """Return version and host from "VERSION HOST PID"; any other text is a version."""
    text = body.decode(errors="replace").strip()
    words = text.rsplit(" ", 2)
    if len(words) == 3 and words[2].isdigit():
        return words[0], words[1]
    return text[:200], ""


def problem(status: int, body: bytes, statuses: frozenset[int]) -> str:
    """Return why an answer is a failure, or an empty string."""
    if body.startswith(NOT_READY.encode()):
        return body.decode(errors="replace").strip()
    if status in statuses:
        return ""
    return f"status {status}: {' '.join(body.decode(errors='replace').split())[:80]}"


def _percentile(counted: list[tuple[int, int]], rank: float) -> float:
    total = 0
    for step, count in counted:
        total += count
        if total >= rank:
            return round((step + 1) * STEP * 1000, 1)
    return 0.0
