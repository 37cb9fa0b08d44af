"""Notes, kept in labels of volumes, which every engine has and no plan touches.

Labels of a volume cannot change, so that each version of a note is a volume of its own. The engine
keeps labels in its own database, where neither their length nor what is in them is limited.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import TypedDict, cast
from urllib.parse import quote

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.http import EngineHttp, expect
from gitops.model.notes import Note
from gitops.model.observed import LABEL_PROJECT

LABEL_NOTE = "gitops.note"
"""A note's topic; the labels below it are the note's other parts."""
_NAME = f"{LABEL_NOTE}.name"
_VERSION = f"{LABEL_NOTE}.version"
_TEXT = f"{LABEL_NOTE}.text"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]")
_LONGEST = 120
"""Characters of a note's name in a volume's, which is a folder's name as well: 255 at most."""


class Volume(TypedDict):
    """One of `VolumeList`: https://docs.docker.com/reference/api/engine/version/v1.41/."""

    Name: str
    Labels: dict[str, str] | None


class VolumeNotes:
    """Satisfies `NoteKeeper`."""

    def __init__(self, http: EngineHttp) -> None:
        self._http = http

    def write(self, project: str, note: Note) -> None:
        """Keep a note in the place of all of its topic and name with lower versions.

        The old ones go only when the new one is there. CONFLICT when that version was written with
        another text, or its volume's name is somebody else's.
        """
        wanted = _labels(project, note)
        body = {"Name": volume_name(project, note), "Labels": wanted}
        what = f"the {note.topic} of {note.name} could not be kept"
        answer = expect(self._http.call("POST", "/volumes/create", body), what)
        # A volume of that name that is there already is given back as it is.
        if (cast("Volume", answer.json())["Labels"] or {}) != wanted:
            raise DriverError(
                ErrorKind.CONFLICT,
                what,
                f"volume {body['Name']} is there already, and says something else",
            )
        self._remove(
            volume
            for volume in self._volumes(project, note.topic, note.name)
            if _version(volume) < note.version
        )

    def erase(self, project: str, topic: str, name: str) -> None:
        """Forget all versions of a note, the newest last; none there is fine."""
        self._remove(sorted(self._volumes(project, topic, name), key=_version))

    def _volumes(self, project: str, topic: str, name: str) -> list[Volume]:
        labels = [f"{LABEL_PROJECT}={project}", f"{LABEL_NOTE}={topic}", f"{_NAME}={name}"]
        wanted = quote(json.dumps({"label": labels}))
        answer = self._http.call("GET", f"/volumes?filters={wanted}")
        expect(answer, f"the {topic} of {name} could not be read")
        return cast("Mapping[str, list[Volume] | None]", answer.json())["Volumes"] or []

    def _remove(self, volumes: Iterable[Volume]) -> None:
        for volume in volumes:
            answer = self._http.call("DELETE", f"/volumes/{quote(volume['Name'])}")
            if answer.status != 404:  # noqa: PLR2004 - gone already
                expect(answer, f"volume {volume['Name']} could not be removed")


def volume_name(project: str, note: Note) -> str:
    """Return the name of a note's volume; what cannot stand in one is replaced, with a hash."""
    name = _NOT_IN_NAMES.sub("_", note.name)[:_LONGEST]
    if name != note.name:
        name += f"-{hashlib.sha256(note.name.encode()).hexdigest()[:8]}"
    return f"{project}-note-{note.topic}-{name}-{note.version}"


def is_note(volume: Volume) -> bool:
    """Say whether a volume is a note, and holds no data."""
    return LABEL_NOTE in (volume["Labels"] or {})


def latest_notes(volumes: Iterable[Volume]) -> tuple[Note, ...]:
    """Return the notes among a project's volumes, of each topic and name the latest, sorted."""
    latest = {}
    for volume in sorted(filter(is_note, volumes), key=_version):
        labels = volume["Labels"] or {}
        topic, name = labels[LABEL_NOTE], labels.get(_NAME, "")
        latest[topic, name] = Note(topic, name, _version(volume), labels.get(_TEXT, ""))
    return tuple(latest[key] for key in sorted(latest))


def _labels(project: str, note: Note) -> dict[str, str]:
    return {
        LABEL_PROJECT: project,
        LABEL_NOTE: note.topic,
        _NAME: note.name,
        _VERSION: str(note.version),
        _TEXT: note.text,
    }


def _version(volume: Volume) -> int:
    text = (volume["Labels"] or {}).get(_VERSION, "")
    return int(text) if text.isdecimal() else 0
