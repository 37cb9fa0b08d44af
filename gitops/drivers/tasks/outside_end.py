"""Whether the container of a step ended by itself, or was made to end through the engine."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from gitops.drivers.engine.http import EngineHttp
from gitops.drivers.engine.kills import check_not_killed
from gitops.drivers.engine.units import NANO

_LATE = 50_000_000
"""Nanoseconds after the end in which the signal may be told: the engine sends it first. The end
itself takes the engine longer to tell, so that nobody waits for this.
"""


class Span(TypedDict):
    """When a container ran, by the engine's clock (RFC 3339)."""

    StartedAt: str
    FinishedAt: str


def check_own_end(http: EngineHttp, container: str, span: Span) -> None:
    """Raise UNREACHABLE if the engine sent a container a signal to end while it ran."""
    began = _nanoseconds(span["StartedAt"])
    # A busy engine may write down the start of a short one after its end.
    ended = max(_nanoseconds(span["FinishedAt"]), began) + _LATE
    check_not_killed(http, container, _stamp(began), _stamp(ended))


def _nanoseconds(time: str) -> int:
    """Return a time in nanoseconds since 1970."""
    whole, _, fraction = time.removesuffix("Z").partition(".")
    seconds = round(datetime.fromisoformat(f"{whole}+00:00").timestamp())
    return seconds * NANO + int(f"{fraction:0<9}")


def _stamp(found: int) -> str:
    """Return a time as the engine wants it: seconds since 1970, a dot, nanoseconds."""
    return f"{found // NANO}.{found % NANO:09}"
