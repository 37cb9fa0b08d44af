"""What happens on an engine, told while it happens.

Engine API v1.41, SystemEvents: https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TypedDict, cast
from urllib.parse import quote

from gitops.drivers.base import Cancel, EngineEvent
from gitops.drivers.engine.http import EngineHttp
from gitops.drivers.engine.lines import lines
from gitops.model.observed import LABEL_HAND, LABEL_PROJECT

KINDS = ("die", "oom", "kill", "start", "destroy", "health_status")


class _Actor(TypedDict):
    ID: str
    Attributes: dict[str, str]


class _Event(TypedDict):
    Action: str
    Actor: _Actor
    timeNano: int


class DockerEvents:
    """Satisfies `EngineWatcher`."""

    def __init__(self, http: EngineHttp) -> None:
        self._http = http

    def events(self, project: str, cancel: Cancel) -> Iterator[EngineEvent]:
        """Give the events of a project's containers until `cancel` is raised.

        The engine has been asked when this returns, so that whoever looks after that misses
        nothing. Ends as well when the engine goes away, and at once when it is not there.
        """
        return _events(self._http.stream(events_path(project), cancel))


def events_path(project: str) -> str:
    """Return the path that asks for the events of a project's containers."""
    wanted = {
        "type": ["container"],
        "event": list(KINDS),
        "label": [f"{LABEL_PROJECT}={project}"],
    }
    return f"/events?filters={quote(json.dumps(wanted))}"


def event_of(line: str) -> EngineEvent | None:
    """Return the event that a line of the engine's answer tells; none for anything else.

    None too for a hand of ours: who looks into a volume because of an event must not be woken by
    having looked.
    """
    try:
        told = cast("_Event", json.loads(line))
        actor = told["Actor"]
        name = actor["Attributes"].get("name", actor["ID"])
        if actor["Attributes"].get(LABEL_HAND):
            return None
        return EngineEvent(name, told["Action"], told["timeNano"] / 1e9)
    except (ValueError, KeyError, TypeError):
        return None


def _events(stream: Iterator[bytes]) -> Iterator[EngineEvent]:
    for line in lines(stream):
        event = event_of(line)
        if event is not None:
            yield event
