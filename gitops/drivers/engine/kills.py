"""Whether a container was made to end through the engine. Engine API v1.41, SystemEvents.

An engine that is stopped asks its containers to end first. One that then ends as it was asked to
must not pass for one that has done, or failed, its work.
"""

from __future__ import annotations

import json
from typing import TypedDict, cast
from urllib.parse import quote, urlencode

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.http import EngineHttp, expect

_TERM = "15"
_KILL = "9"


class _Actor(TypedDict):
    Attributes: dict[str, str]


class _Event(TypedDict):
    Actor: _Actor


def check_not_killed(http: EngineHttp, container: str, since: str, until: str) -> None:
    """Raise UNREACHABLE if the engine sent a container a signal to end between two times.

    Times are as the engine wants them: seconds since 1970 by its own clock, with a fraction or not.
    An `until` that is still to come is waited for. `container` is an id, or how one begins.
    """
    query = {
        "since": since,
        "until": until,
        "filters": json.dumps({"container": [container], "event": ["kill"]}),
    }
    what = f"how container {container[:12]} ended could not be asked"
    answer = expect(http.call("GET", f"/events?{urlencode(query, quote_via=quote)}"), what)
    events = [cast("_Event", json.loads(line)) for line in answer.body.splitlines() if line]
    for event in events:
        signal = event["Actor"]["Attributes"].get("signal", "")
        # Other signals may be part of its work: HUP to read its files again.
        if signal in (_TERM, _KILL):
            raise DriverError(
                ErrorKind.UNREACHABLE,
                f"container {container[:12]} did not end by itself",
                f"it was sent signal {signal} through the engine, which is being stopped, or was"
                " asked to by somebody (`docker stop`, `docker kill`)",
            )
