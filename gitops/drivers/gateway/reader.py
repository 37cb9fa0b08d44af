"""Looks at a gateway: its file, its routes and what it serves, in 2 ms where nothing changed."""

from __future__ import annotations

import base64
import io
import json
from datetime import datetime
from typing import NamedTuple, TypedDict, cast
from urllib.parse import quote, urlsplit

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.http import Answer, Call, EngineHttp, expect
from gitops.drivers.gateway.front import Front
from gitops.drivers.gateway.header import stamp, unseal
from gitops.drivers.gateway.names import CONFIG_FILE, PORT, TLS_PORT, TOKEN_VARIABLE
from gitops.drivers.gateway.states import parse_health
from gitops.model.observed import GatewayState
from gitops.model.routes import ServerHealth

_HAPROXY_USER = 99
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_ANYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - read, not bound


class _State(TypedDict):
    Status: str


class _Config(TypedDict):
    Env: list[str] | None
    User: str


class _HostConfig(TypedDict):
    PortBindings: dict[str, list[dict[str, str]] | None] | None


class _Container(TypedDict):
    """https://docs.docker.com/reference/api/engine/version/v1.41/, ContainerInspect."""

    State: _State
    Config: _Config
    HostConfig: _HostConfig


class Place(NamedTuple):
    """A gateway's container: whether it runs, and where it is reached.

    `https` is the port of the machine that HTTPS is published at, 0 if it is not. `owner` is the
    number of the user that HAProxy runs as.
    """

    running: bool
    front: Front
    https: int
    owner: int


class Look(NamedTuple):
    """A gateway's container, and its configuration."""

    place: Place
    state: GatewayState


class DockerGatewayReader:
    """Satisfies `GatewayReader` for the gateways of the engine at `address`."""

    def __init__(self, http: EngineHttp, address: str) -> None:
        self._http = http
        self._address = address

    def state(self, container: str) -> GatewayState:
        """Return what it is configured to serve, and what it serves.

        `text` is empty when the file did not have to be fetched. Raises MISSING when the container
        is gone.
        """
        return self.look(container).state

    def look(self, container: str) -> Look:
        """Return the state, and where the gateway is reached.

        The gateway tells its routes itself; the file is fetched only when its time says that it is
        not the one that is served.
        """
        inspect = Call("GET", f"/containers/{quote(container)}/json")
        stat = Call("HEAD", archive_path(container, CONFIG_FILE))
        inspected, file = self._http.calls([inspect, stat])
        place = self._place(container, inspected)
        told = place.front.configuration() if place.running else None
        if told is not None and _modified(file) == stamp(told[0]):
            revision, routes = told
            return Look(place, GatewayState("", routes, revision, revision))
        return Look(place, self._from_file(container, place.front if place.running else None))

    def health(self, container: str) -> tuple[ServerHealth, ...]:
        """Return what its checks say of each server of each route; none when it does not answer.

        Counters begin anew with each reload: requests that an old worker still answers are not
        among them.
        """
        return parse_health(self.place(container).front.stats())

    def place(self, container: str) -> Place:
        """Return where the gateway is reached; raise MISSING when its container is gone."""
        return self._place(
            container, self._http.call("GET", f"/containers/{quote(container)}/json")
        )

    def _from_file(self, container: str, front: Front | None) -> GatewayState:
        answer = self._http.call("GET", archive_path(container, CONFIG_FILE))
        text = _text(answer, container)
        found = unseal(text)
        served, why = front.served() if front else ("", "its container does not run")
        if found is None:
            return GatewayState(text, None, "", served, why)
        return GatewayState(text, found.routes, found.revision, served, why)

    def _place(self, container: str, inspected: Answer) -> Place:
        expect(inspected, f"gateway {container} could not be looked at")
        found = cast("_Container", inspected.json())
        return Place(
            running=found["State"]["Status"] == "running",
            front=self._front(container, found),
            https=_published(found, TLS_PORT),
            owner=_owner(found["Config"]["User"]),
        )

    def _front(self, container: str, found: _Container) -> Front:
        bindings = (found["HostConfig"]["PortBindings"] or {}).get(f"{PORT}/tcp") or []
        if not bindings:
            raise DriverError(
                ErrorKind.INVALID,
                f"gateway {container} cannot be reached",
                f"its port {PORT} is not published; remove it and reconcile: it is made anew",
            )
        bind, port = bindings[0].get("HostIp", ""), int(bindings[0].get("HostPort") or 0)
        tokens = [
            line.partition("=")[2]
            for line in found["Config"]["Env"] or ()
            if line.startswith(f"{TOKEN_VARIABLE}=")
        ]
        return Front(_host(self._address, container, bind), port, tokens[0] if tokens else "")


def _host(address: str, container: str, bind: str) -> str:
    """Return the host by which a port that is bound to `bind` is reached from this machine."""
    url = urlsplit(address)
    remote = "" if url.scheme == "unix" else url.hostname or ""
    if remote in ("", *_LOOPBACK):
        return "127.0.0.1" if bind in _ANYWHERE else bind
    if bind in _LOOPBACK:
        raise DriverError(
            ErrorKind.UNREACHABLE,
            f"gateway {container} cannot be reached from this machine",
            f"it is bound to {bind} of {remote}: set the target's gateway.bind to an address that"
            " this machine can reach",
        )
    return remote if bind in _ANYWHERE else bind


def _published(found: _Container, port: int) -> int:
    """Return the port of the machine that a container's port is published at, 0 for none."""
    bindings = (found["HostConfig"]["PortBindings"] or {}).get(f"{port}/tcp") or []
    return int(bindings[0].get("HostPort") or 0) if bindings else 0


def _owner(user: str) -> int:
    """Return the number of a container's user: `99:99`, or a name, which is the official image's.

    https://github.com/docker-library/haproxy
    """
    name = user.partition(":")[0]
    if name in ("", "root"):
        return 0
    return int(name) if name.isdecimal() else _HAPROXY_USER


def archive_path(container: str, path: str) -> str:
    """Return the engine's call for a file or folder (Engine API v1.41, ContainerArchive)."""
    return f"/containers/{quote(container)}/archive?path={quote(path)}"


def _modified(answer: Answer) -> int:
    """Return the file's modification time in seconds since 1970; 0 when there is none."""
    if answer.status != 200:  # noqa: PLR2004 - OK
        return 0
    found = json.loads(base64.b64decode(answer.path_stat))
    return int(datetime.fromisoformat(found["mtime"]).timestamp())


def _text(answer: Answer, container: str) -> str:
    """Return the file of a `GET …/archive` answer; empty when there is none."""
    if answer.status == 404:  # noqa: PLR2004 - the container is known to be there
        return ""
    expect(answer, f"the configuration of gateway {container} could not be read")
    import tarfile  # noqa: PLC0415 - 4 ms, only for a file that is not the one served

    with tarfile.open(fileobj=io.BytesIO(answer.body)) as archive:
        for entry in archive:
            content = archive.extractfile(entry)
            if content is not None:
                return content.read().decode(errors="replace")
    return ""
