"""Takes one snapshot of a Docker engine, in three calls whatever runs there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypedDict, cast
from urllib.parse import quote

from gitops.drivers.engine.http import Answer, Call, EngineHttp, expect
from gitops.drivers.engine.notes import Volume, is_note, latest_notes
from gitops.model.observed import LABEL_PROJECT, EngineSnapshot, ObservedContainer, believed


class _Container(TypedDict):
    """One of `ContainerList`: https://docs.docker.com/reference/api/engine/version/v1.41/."""

    Id: str
    Names: list[str] | None
    Image: str
    State: str
    Status: str
    Labels: dict[str, str] | None
    Created: int


class _Network(TypedDict):
    Name: str
    Labels: dict[str, str] | None


class DockerEngineReader:
    """Looks at one engine."""

    def __init__(self, http: EngineHttp) -> None:
        self._http = http

    def snapshot(self, project: str) -> EngineSnapshot:
        """Return all that is there; raise `DriverError` when the engine cannot be reached.

        Containers and networks are everybody's, because a name that is taken matters whoever took
        it; volumes are the project's own.
        """
        owned = quote(json.dumps({"label": [f"{LABEL_PROJECT}={project}"]}))
        paths = ("/containers/json?all=1", "/networks", f"/volumes?filters={owned}")
        # Sent together on three connections: the engine works on them at the same time.
        answers = self._http.calls([Call("GET", path) for path in paths])
        containers, networks, volumes = map(_json, paths, answers)
        found = cast("Mapping[str, list[Volume] | None]", volumes)["Volumes"] or []
        return EngineSnapshot(
            containers=tuple(map(_container, cast("list[_Container]", containers))),
            networks={
                network["Name"]: network["Labels"] or {}
                for network in cast("list[_Network]", networks)
            },
            volumes=frozenset(volume["Name"] for volume in found if not is_note(volume)),
            notes=latest_notes(found),
        )


def _json(path: str, answer: Answer) -> object:
    return expect(answer, f"the engine did not answer GET {path}").json()


def _container(found: _Container) -> ObservedContainer:
    # A linked container has further names with a slash inside: its own is the one without.
    names = [name[1:] for name in found["Names"] or () if "/" not in name[1:]]
    name = names[0] if names else found["Id"][:12]
    return ObservedContainer(
        id=found["Id"],
        name=name,
        image=found["Image"],
        state=found["State"],
        status=found["Status"],
        labels=believed(name, found["Labels"] or {}),
        created=found["Created"],
    )
