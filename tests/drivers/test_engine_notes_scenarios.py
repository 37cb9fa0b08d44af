"""Notes that are kept with a real engine's objects."""

from __future__ import annotations

import pytest
from engine_fixtures import Lab, lab

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.http import Answer
from gitops.drivers.engine.notes import VolumeNotes, latest_notes, volume_name
from gitops.drivers.engine.reader import DockerEngineReader
from gitops.model.notes import HISTORY, HOLD, Note

pytestmark = pytest.mark.scenario
__all__ = ["lab"]

ODD = 'a=b,c\n\0"\\ \u20ac \U0001f600 {{.}} %s $(x) \u2028'


class _CutError(Exception):
    """Ends a process in a test."""


def notes(lab: Lab) -> tuple[Note, ...]:
    return DockerEngineReader(lab.http).snapshot(lab.name).notes


def test_latest_version_is_read(lab: Lab) -> None:
    """Of two versions the newer is read, and is the only one that is left; others stay."""
    keeper = VolumeNotes(lab.http)
    other = Note(HISTORY, "api", 7, "other")
    for note in (Note(HISTORY, "shop", 9, "old"), other, Note(HISTORY, "shop", 10, "new")):
        keeper.write(lab.name, note)
    assert notes(lab) == (other, Note(HISTORY, "shop", 10, "new"))
    made = lab.http.call("GET", "/volumes").json()["Volumes"]  # type: ignore[index]
    assert sum(one["Name"].startswith(lab.name) for one in made) == 2


def test_note_is_no_volume_of_data(lab: Lab) -> None:
    """A note is read in the three calls of a snapshot, and is not among the volumes."""
    VolumeNotes(lab.http).write(lab.name, Note(HOLD, "shop", 1, "held"))
    lab.engine.create_volume(f"{lab.name}-data", {"gitops.project": lab.name})
    lab.calls.clear()
    seen = DockerEngineReader(lab.http).snapshot(lab.name)
    assert len(lab.calls) == 3
    assert seen.volumes == {f"{lab.name}-data"}
    assert [note.text for note in seen.notes] == ["held"]


@pytest.mark.parametrize("text", [ODD, ODD * 10_000, ""])
def test_text_may_be_anything(lab: Lab, text: str) -> None:
    """A text of any length and any characters is read as it was written."""
    note = Note(HISTORY, "shop", 1, text)
    VolumeNotes(lab.http).write(lab.name, note)
    assert notes(lab) == (note,)


@pytest.mark.parametrize("name", ["shop/blue", "sh op", "\u00e9t\u00e9", "x" * 300])
def test_name_may_be_anything(lab: Lab, name: str) -> None:
    """A name that no volume can have is a note's name all the same, and is nobody else's."""
    keeper = VolumeNotes(lab.http)
    mine, other = Note(HOLD, name, 1, "mine"), Note(HOLD, name.replace("/", "_") + "!", 1, "other")
    keeper.write(lab.name, mine)
    keeper.write(lab.name, other)
    assert set(notes(lab)) == {mine, other}
    keeper.erase(lab.name, HOLD, name)
    assert notes(lab) == (other,)


def test_note_is_erased(lab: Lab) -> None:
    """An erased note is gone in all its versions; erasing it again is fine."""
    keeper = VolumeNotes(lab.http)
    keeper.write(lab.name, Note(HOLD, "shop", 1, "held"))
    for _ in range(2):
        keeper.erase(lab.name, HOLD, "shop")
        assert notes(lab) == ()


def test_same_version_is_written_once(lab: Lab) -> None:
    """Writing a note again changes nothing; another text under its version is a conflict."""
    keeper = VolumeNotes(lab.http)
    note = Note(HOLD, "shop", 1, "held")
    keeper.write(lab.name, note)
    keeper.write(lab.name, note)
    with pytest.raises(DriverError, match="says something else") as caught:
        keeper.write(lab.name, note._replace(text="other"))
    assert caught.value.kind is ErrorKind.CONFLICT
    assert notes(lab) == (note,)


def test_projects_keep_their_own(lab: Lab) -> None:
    """A note of one project is not read, nor erased, by another whose name begins alike."""
    keeper = VolumeNotes(lab.http)
    keeper.write(f"{lab.name}-x", Note(HOLD, "shop", 1, "theirs"))
    assert notes(lab) == ()
    keeper.erase(lab.name, HOLD, "shop")
    keeper.write(lab.name, Note(HOLD, "shop", 2, "ours"))
    seen = DockerEngineReader(lab.http).snapshot(f"{lab.name}-x").notes
    assert [note.text for note in seen] == ["theirs"]


def test_cut_off_write_is_finished_by_the_next(lab: Lab) -> None:
    """A process that dies before it removed the old version leaves the new one to be read."""

    class Dying:
        def call(self, method: str, path: str, body: object = None) -> Answer:
            if method == "DELETE":
                raise _CutError
            return lab.http.call(method, path, body)

    first, second, third = (Note(HOLD, "shop", number, str(number)) for number in (1, 2, 3))
    VolumeNotes(lab.http).write(lab.name, first)
    with pytest.raises(_CutError):
        VolumeNotes(Dying()).write(lab.name, second)  # type: ignore[arg-type]
    assert notes(lab) == (second,)
    VolumeNotes(lab.http).write(lab.name, third)
    left = lab.http.call("GET", "/volumes").json()["Volumes"]  # type: ignore[index]
    mine = [one["Name"] for one in left if lab.name in one["Name"]]
    assert mine == [volume_name(lab.name, third)]


def test_volume_with_half_a_note_is_no_reason_to_fail() -> None:
    """A volume that somebody gave a note's label alone is a note of version 0, without a text."""
    assert latest_notes([{"Name": "x", "Labels": {"gitops.note": HOLD}}]) == (
        Note(HOLD, "", 0, ""),
    )
