"""Networks and volumes of a run, and all that runs have left on an engine.

Engine API v1.41: https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypedDict, cast
from urllib.parse import quote

from gitops.drivers.base import DriverError, ErrorKind, Leftover, RunMark, image_of
from gitops.drivers.engine.http import Answer, Call, EngineHttp
from gitops.drivers.engine.words import brief
from gitops.drivers.tasks.marks import LABEL_RUN, labels_of, mark_of
from gitops.drivers.tasks.running import succeed

_GONE = 404
_NO_POOL = "non-overlapping"
_IN_USE = "active endpoints"


class _Container(TypedDict):
    Id: str
    Names: Sequence[str] | None
    Labels: Mapping[str, str] | None


class _Named(TypedDict):
    Name: str
    Labels: Mapping[str, str] | None


class _Volumes(TypedDict):
    Volumes: Sequence[_Named] | None


def create_network(http: EngineHttp, name: str, driver: str, mark: RunMark, *, ipv6: bool) -> None:
    """Create a network; the engine chooses its IPv4 subnet. CONFLICT when the name is taken."""
    body: dict[str, object] = {
        "Name": name,
        "Driver": driver or "bridge",
        "CheckDuplicate": True,
        "Labels": labels_of(mark, {}),
        "EnableIPv6": ipv6,
    }
    if ipv6:
        # Engines before 27 have no IPv6 subnets of their own to choose from.
        body["IPAM"] = {"Config": [{"Subnet": _private_ipv6(name)}]}
    answer = http.call("POST", "/networks/create", body)
    if _NO_POOL in answer.message:
        raise DriverError(
            ErrorKind.CONFLICT,
            f"network {name} could not be created: the engine has no subnet left for it",
            f"{answer.message}; remove networks that nobody uses, or widen `default-address-pools`"
            " in the engine's daemon.json",
        )
    succeed(answer, f"network {name} could not be created")


def _private_ipv6(name: str) -> str:
    """Return a subnet of the range for private use (RFC 4193), by chance one of its own."""
    digits = hashlib.sha256(name.encode()).hexdigest()
    return f"fd{digits[:2]}:{digits[2:6]}:{digits[6:10]}:{digits[10:14]}::/64"


def remove_network(http: EngineHttp, name: str) -> None:
    """Remove a network; one that is gone is fine. CONFLICT while a container uses it."""
    # An engine that is being stopped takes no new connection, but serves those it has to its last
    # moment. What it then has removed by half (Docker 20.10), it cannot start with any more:
    # https://github.com/moby/libnetwork/blob/master/controller.go, reservePools.
    http.close()
    answer = http.call("DELETE", f"/networks/{quote(name, safe='')}")
    what = f"network {name} could not be removed"
    if answer.status != _GONE and _IN_USE in answer.message:
        raise DriverError(ErrorKind.CONFLICT, what, answer.message)
    _unless_gone(answer, what)


def create_volume(http: EngineHttp, name: str, mark: RunMark) -> None:
    """Create a volume."""
    body = {"Name": name, "Labels": labels_of(mark, {})}
    succeed(http.call("POST", "/volumes/create", body), f"volume {name} could not be created")


def remove_volume(http: EngineHttp, name: str) -> None:
    """Remove a volume; one that is gone is fine. CONFLICT while a container has it."""
    answer = http.call("DELETE", f"/volumes/{quote(name, safe='')}")
    _unless_gone(answer, f"volume {name} could not be removed")


def remove_container(http: EngineHttp, container: str) -> None:
    """Kill and remove a container with its anonymous volumes; one that is gone is fine."""
    what = f"container {brief(container)} could not be removed"
    answer = http.call("DELETE", f"/containers/{quote(container)}?force=1&v=1")
    if answer.status == 409 and "already in progress" in answer.message:  # noqa: PLR2004 - Conflict
        answer = http.call("POST", f"/containers/{quote(container)}/wait?condition=removed")
    _unless_gone(answer, what)


def _unless_gone(answer: Answer, what: str) -> None:
    if answer.status != _GONE:
        succeed(answer, what)


def leftovers(http: EngineHttp) -> tuple[Leftover, ...]:
    """Return everything that carries a run's mark, containers first, networks, volumes, images."""
    chosen = f"filters={quote(json.dumps({'label': [LABEL_RUN]}))}"
    paths = (
        f"/containers/json?all=1&{chosen}",
        f"/networks?{chosen}",
        f"/volumes?{chosen}",
    )
    answers = http.calls([Call("GET", path) for path in paths])
    what = "what runs of tasks have left on the engine could not be listed"
    containers, networks, volumes = (succeed(answer, what).json() for answer in answers)
    # A label may be that of an image, which anybody may run: the name of a container is not.
    found = [
        Leftover("container", name, mark)
        for one in cast("list[_Container]", containers)
        if (mark := mark_of(one["Labels"])).run and mark.run in (name := _name_of(one))
    ]
    found += [
        Leftover("network", one["Name"], mark_of(one["Labels"]))
        for one in cast("list[_Named]", networks)
    ]
    found += [
        _of_volume(one["Name"], mark_of(one["Labels"]))
        for one in cast("_Volumes", volumes)["Volumes"] or ()
    ]
    return tuple(found)


def _of_volume(name: str, mark: RunMark) -> Leftover:
    image = image_of(name)
    return Leftover("image", image, mark) if image else Leftover("volume", name, mark)


def _name_of(container: _Container) -> str:
    """Return its name; one that is just being removed may have none any more."""
    names = container["Names"] or ()
    return names[0].lstrip("/") if names else container["Id"]
