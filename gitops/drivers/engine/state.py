"""How a container of a Docker engine is, and how it ended last.

Engine API v1.41, ContainerInspect: https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import docker

from gitops.drivers.engine.sdk_client import SdkClient
from gitops.model.observed import ContainerState

_HEALTH_NONE = "none"
_NEVER = "0001-"
_LATELY = timedelta(minutes=10)
KILLED = 137
"""The exit code of a process that SIGKILL has ended."""
_LATE = timedelta(seconds=2)
"""So long after a process has ended the engine may still tell that it was killed for its memory: it
hears of the two in any order."""


def look(client: SdkClient, container: str) -> ContainerState:
    """Return how it is now; raise `DriverError` MISSING when it is gone."""
    with client.use(f"container {container} could not be looked at") as api:
        found = api.inspect_container(container)
        state = state_of(found)
        if state.state == "running" and state.restarts:
            return _with_last_end(api, found, state)
        if state.state != "running" and state.exit_code == KILLED and state.memory:
            return state._replace(oom_killed=state.oom_killed or _told_late(api, found))
        return state


def state_of(found: Mapping[str, Any]) -> ContainerState:
    """Return the state that ContainerInspect tells."""
    state = found["State"]
    health = state.get("Health") or {}
    status = health.get("Status", _HEALTH_NONE)
    runs = health.get("Log") or [{}]
    ports = (found.get("Config") or {}).get("ExposedPorts") or {}
    return ContainerState(
        state=state["Status"],
        exit_code=state["ExitCode"],
        oom_killed=state["OOMKilled"],
        restarts=found["RestartCount"],
        error=state["Error"],
        health="" if status == _HEALTH_NONE else status,
        health_log=runs[-1].get("Output", ""),
        ran=0.0 if state["Status"] == "running" else _between(state),
        memory=(found.get("HostConfig") or {}).get("Memory") or 0,
        exposes=tuple(sorted(int(port[:-4]) for port in ports if port.endswith("/tcp"))),
    )


def _between(state: Mapping[str, Any]) -> float:
    started, finished = state.get("StartedAt", _NEVER), state.get("FinishedAt", _NEVER)
    if started.startswith(_NEVER) or finished.startswith(_NEVER):
        return 0.0
    # A process that ends at once can have the later start: the engine notes that after it.
    return max(0.0, (_time(finished) - _time(started)).total_seconds())


def _with_last_end(
    api: docker.APIClient, found: Mapping[str, Any], state: ContainerState
) -> ContainerState:
    """Return the state with how the run before this one ended: inspecting tells of this one only.

    The engine keeps its last 256 events; when these hold no end, the state is left as it is.
    """
    started = _time(found["State"]["StartedAt"])
    filters = {"container": found["Id"], "type": "container", "event": ["die", "oom", "start"]}
    # The stubs know whole seconds only; the end may have been in the same one as this start.
    told = api.events(  # type: ignore[call-overload]
        since=_stamp(started - _LATELY), until=_stamp(started), filters=filters, decode=True
    )
    oom, ended, begun = False, False, 0.0
    for event in told:
        at = event["timeNano"] / 1e9
        if event["Action"] == "start":
            oom, ended, begun = False, False, at
        elif event["Action"] == "oom":
            oom = True
            state = state._replace(oom_killed=oom) if ended else state
        else:
            code = int(event["Actor"]["Attributes"].get("exitCode", 0))
            ran = at - begun if begun else 0.0
            ended, state = True, state._replace(exit_code=code, oom_killed=oom, ran=ran)
    return state


def _told_late(api: docker.APIClient, found: Mapping[str, Any]) -> bool:
    """Say whether a process that was killed was killed for its memory: the engine's last word."""
    finished = found["State"].get("FinishedAt", _NEVER)
    if finished.startswith(_NEVER):
        return False
    since, until = _stamp(_time(found["State"]["StartedAt"])), _stamp(_time(finished) + _LATE)
    filters = {"container": found["Id"], "type": "container", "event": ["oom"]}
    told = api.events(since=since, until=until, filters=filters, decode=True)  # type: ignore[call-overload]
    return bool(list(told))


def _time(text: str) -> datetime:
    """Return a time of RFC 3339, of whose nanoseconds Python's type keeps microseconds."""
    return datetime.fromisoformat(text)


def _stamp(moment: datetime) -> str:
    return f"{moment.timestamp():.6f}"
