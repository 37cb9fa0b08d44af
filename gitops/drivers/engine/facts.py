"""Asks an engine about itself, for those who look after it; `reader` is for planning.

Engine API: https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TypedDict, cast

from gitops.drivers.engine.http import Answer, Call, EngineHttp, expect
from gitops.model.checkup import EngineFacts, Holder
from gitops.model.observed import LABEL_PROJECT, owner_of


class _Version(TypedDict):
    Version: str
    ApiVersion: str
    Os: str
    Arch: str


class _Port(TypedDict, total=False):
    PublicPort: int


class _Container(TypedDict):
    Id: str
    Names: list[str] | None
    State: str
    Labels: dict[str, str] | None
    Ports: list[_Port] | None


def engine_facts(http: EngineHttp, address: str) -> EngineFacts:
    """Return what the engine tells; raise `DriverError` when it cannot be reached."""
    paths = ("/version", "/info", "/containers/json?all=1")
    answers = http.calls([Call("GET", path) for path in paths])
    ours = time.time()
    version, info, containers = map(_json, paths, answers)
    about = cast("_Version", version)
    return EngineFacts(
        address=address,
        version=about["Version"],
        api=about["ApiVersion"],
        platform=f"{about['Os']}/{about['Arch']}",
        root=str(cast("Mapping[str, object]", info).get("DockerRootDir", "")),
        clock=_date(answers[0], ours),
        ours=ours,
        containers=tuple(map(_holder, cast("list[_Container]", containers))),
    )


def _json(path: str, answer: Answer) -> object:
    return expect(answer, f"the engine did not answer GET {path}").json()


def _date(answer: Answer, otherwise: float) -> float:
    """Return the time of the Date header (RFC 9110, 6.6.1) in seconds since 1970."""
    try:
        return parsedate_to_datetime(answer.date).timestamp()
    except ValueError:
        return otherwise


def _holder(found: _Container) -> Holder:
    labels = found["Labels"] or {}
    names = found["Names"] or [f"/{found['Id'][:12]}"]
    return Holder(
        name=names[0][1:],
        project=labels.get(LABEL_PROJECT, ""),
        owner=owner_of(labels),
        running=found["State"] == "running",
        ports=frozenset(
            port["PublicPort"] for port in found["Ports"] or () if "PublicPort" in port
        ),
    )
