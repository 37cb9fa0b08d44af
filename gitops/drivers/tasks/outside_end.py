"""Whether a container ended by itself, or was made to end through the engine.

An engine that is stopped asks its containers to end first. One that then ends well, as it was asked
to, must not pass for one that has done its work. Engine API v1.41, SystemEvents.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TypedDict, cast
from urllib.parse import quote, urlencode

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.http import EngineHttp, expect
from gitops.drivers.engine.units import NANO

_TERM = "15"
_KILL = "9"
_LATE = 50_000_000
"""Nanoseconds after the end in which the signal may be told: the engine sends it first. The end
itself takes the engine longer to tell, so that nobody waits for this.
"""


class _Actor(TypedDict):
    Attributes: dict[str, str]


class _Event(TypedDict):
    Actor: _Actor


class Span(TypedDict):
    """When a container ran, by the engine's clock (RFC 3339)."""

    StartedAt: str
    FinishedAt: str


def check_own_end(http: EngineHttp, container: str, span: Span) -> None:
    """Raise UNREACHABLE if the engine sent a container a signal to end while it ran."""
    began = _nanoseconds(span["StartedAt"])
    # A busy engine may write down the start of a short one after its end.
    ended = max(_nanoseconds(span["FinishedAt"]), began) + _LATE
    query = {
        "since": _stamp(began),
        "until": _stamp(ended),
        "filters": json.dumps({"container": [container], "event": ["kill"]}),
    }
    what = f"how container {container} ended could not be asked"
    answer = expect(http.call("GET", f"/events?{urlencode(query, quote_via=quote)}"), what)
    events = [cast("_Event", json.loads(line)) for line in answer.body.splitlines() if line]
    for event in events:
        signal = event["Actor"]["Attributes"].get("signal", "")
        # Other signals may be part of its work: HUP to read its files again.
        if signal in (_TERM, _KILL):
            raise DriverError(
                ErrorKind.UNREACHABLE,
                f"container {container} did not end by itself",
                f"it was sent signal {signal} through the engine, which is being stopped, or was"
                " asked to by somebody (`docker stop`, `docker kill`)",
            )


def _nanoseconds(time: str) -> int:
    """Return a time in nanoseconds since 1970."""
    whole, _, fraction = time.removesuffix("Z").partition(".")
    seconds = round(datetime.fromisoformat(f"{whole}+00:00").timestamp())
    return seconds * NANO + int(f"{fraction:0<9}")


def _stamp(found: int) -> str:
    """Return a time as the engine wants it: seconds since 1970, a dot, nanoseconds."""
    return f"{found // NANO}.{found % NANO:09}"
