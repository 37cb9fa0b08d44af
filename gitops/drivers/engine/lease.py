"""The lease on an engine, kept in labels of volumes, which every engine has and no plan touches.

`POST /volumes/create` for a name that exists answers with the existing volume and its labels, so
that of two who create it one finds its own id in the answer and the other does not: a mutex, with
no service of our own. `gitops-lease-PROJECT` says who holds it. Labels of a volume cannot change,
so a heartbeat is a volume `gitops-lease-PROJECT.EPOCH` of its own. All times are by the engine's
clock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple, TypedDict, cast
from urllib.parse import quote

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.http import Answer, EngineHttp, expect
from gitops.model.lease import Lease

HEARTBEAT = 15.0
"""Seconds between two calls of `renew`."""
TTL = 60.0
"""Seconds without a heartbeat after which a lease is nobody's: three may be late."""

_PROJECT = "gitops.lease"
_ID = "gitops.lease.id"
_BEAT = "gitops.lease.beat"
_DETAILS = ("owner", "host", "process", "reason", "since")

Alive = Callable[[str, str], bool | None]
"""Says whether (host, process) runs; none when this machine cannot know."""


class _Volume(TypedDict):
    Name: str
    Labels: dict[str, str] | None


class _Look(NamedTuple):
    """The lease volumes of a project at one time of the engine's clock."""

    now: float
    volumes: Mapping[str, Mapping[str, str]]


class VolumeLease:
    """Satisfies `LeaseKeeper`. `clock` replaces the engine's, which is the answer's Date header."""

    def __init__(
        self, http: EngineHttp, alive: Alive, clock: Callable[[], float] | None = None
    ) -> None:
        self._http = http
        self._alive = alive
        self._clock = clock

    def holder(self, project: str) -> Lease | None:
        """Return who holds it now; a lease that has run out is nobody's."""
        return self._living(self._look(project), project)

    def acquire(self, project: str, lease: Lease) -> Lease:
        """Try to take it; return who holds it afterwards (the caller compares ids)."""
        look = self._look(project)
        living = self._living(look, project)
        if living is not None:
            return living
        labels = _labels(project, lease._replace(since=look.now), look.now)
        name = _name(project)
        if name not in look.volumes:
            self._sweep(look, keep="")
            return _lease(self._create(name, labels))
        expired = look.volumes[name].get(_ID, "")
        if not self._succeed(project, expired, labels):
            return self._holder_or(project, lease)
        holder = _lease(self._create(name, labels))
        self._remove(_successor(project, expired))
        return holder

    def renew(self, project: str, lease: Lease) -> None:
        """Show that the holder lives; raise CONFLICT when it is somebody else's by now."""
        look = self._look(project)
        held = look.volumes.get(_name(project), {})
        if held.get(_ID) != lease.id:
            raise DriverError(
                ErrorKind.CONFLICT,
                f"the lease of project {project} is no longer held by {lease}",
                f"it was taken by {_lease(held)}" if held else "its volume was removed",
            )
        beat = f"{_name(project)}.{int(look.now)}"
        self._create(beat, {_PROJECT: project, _ID: lease.id, _BEAT: str(look.now)})
        for name, labels in look.volumes.items():
            if name not in (beat, _name(project)) and labels.get(_ID) == lease.id:
                self._remove(name)

    def release(self, project: str, lease: Lease) -> None:
        """Give it back; heartbeats go first, so that nothing is left when the lease is free."""
        look = self._look(project)
        mine = [name for name, labels in look.volumes.items() if labels.get(_ID) == lease.id]
        for name in sorted(mine, key=lambda name: name == _name(project)):
            self._remove(name)

    def _succeed(self, project: str, expired: str, labels: Mapping[str, str]) -> bool:
        """Remove the expired lease, unless another does so; say whether it was removed.

        Without the volume that names the one successor, a taker who looked before another took
        over would remove the new lease in place of the expired one.
        """
        name = _successor(project, expired)
        if self._create(name, labels).get(_ID) != labels[_ID]:
            look = self._look(project)
            if look.now - _beat(look.volumes.get(name, labels)) > TTL:
                self._remove(name)
            return False
        look = self._look(project)
        if look.volumes.get(_name(project), {}).get(_ID) != expired:
            self._remove(name)
            return False
        self._sweep(look, keep=name)
        return True

    def _sweep(self, look: _Look, keep: str) -> None:
        """Remove what an expired holder left, its lease last."""
        for name in sorted(look.volumes, key=len, reverse=True):
            if name != keep:
                self._remove(name)

    def _holder_or(self, project: str, lease: Lease) -> Lease:
        """Return the holder, or, between two holders, one without an id."""
        return self.holder(project) or lease._replace(id="", owner="another", reason="taking over")

    def _living(self, look: _Look, project: str) -> Lease | None:
        held = look.volumes.get(_name(project))
        if held is None:
            return None
        lease = _lease(held)
        beats = [_beat(labels) for labels in look.volumes.values() if labels.get(_ID) == lease.id]
        if look.now - max(beats) > TTL or self._alive(lease.host, lease.process) is False:
            return None
        return lease

    def _look(self, project: str) -> _Look:
        """Look at the lease volumes; two projects' are never mixed: the label is compared whole."""
        wanted = quote(json.dumps({"label": [f"{_PROJECT}={project}"]}))
        answer = self._http.call("GET", f"/volumes?filters={wanted}")
        expect(answer, f"the lease of project {project} could not be read")
        found = cast("Mapping[str, list[_Volume] | None]", answer.json())["Volumes"] or []
        return _Look(self._time(answer), {each["Name"]: each["Labels"] or {} for each in found})

    def _create(self, name: str, labels: Mapping[str, str]) -> Mapping[str, str]:
        """Create a volume, and return the labels of the one that there is then."""
        body = {"Name": name, "Labels": labels}
        answer = self._http.call("POST", "/volumes/create", body)
        expect(answer, f"the lease volume {name} could not be created")
        return cast("_Volume", answer.json())["Labels"] or {}

    def _remove(self, name: str) -> None:
        answer = self._http.call("DELETE", f"/volumes/{quote(name)}")
        if answer.status != 404:  # noqa: PLR2004 - gone already
            expect(answer, f"the lease volume {name} could not be removed")

    def _time(self, answer: Answer) -> float:
        return self._clock() if self._clock else parsedate_to_datetime(answer.date).timestamp()


def _name(project: str) -> str:
    return f"gitops-lease-{project}"


def _successor(project: str, expired: str) -> str:
    return f"{_name(project)}.after.{expired}"


def _labels(project: str, lease: Lease, now: float) -> Mapping[str, str]:
    details = {f"{_PROJECT}.{field}": str(getattr(lease, field)) for field in _DETAILS}
    return {_PROJECT: project, _ID: lease.id, _BEAT: str(now), **details}


def _lease(labels: Mapping[str, str]) -> Lease:
    def label(field: str) -> str:
        return labels.get(f"{_PROJECT}.{field}", "")

    return Lease(
        id=label("id"),
        owner=label("owner"),
        host=label("host"),
        process=label("process"),
        reason=label("reason"),
        since=_number(label("since")),
    )


def _beat(labels: Mapping[str, str]) -> float:
    return _number(labels.get(_BEAT, ""))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
