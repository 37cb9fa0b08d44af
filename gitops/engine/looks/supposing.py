"""The world as it would be with other notes, for a look at what a wish would bring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gitops.drivers.base import EngineReader
from gitops.engine.ports import World
from gitops.model.actions import EraseNote, WriteNote
from gitops.model.notes import Note
from gitops.model.observed import EngineSnapshot

Edit = WriteNote | EraseNote


def supposing(world: World, edits: Iterable[Edit]) -> World:
    """Return the world in which these notes are written and erased; nothing is changed."""
    by_target: dict[str, list[Edit]] = {}
    for edit in edits:
        by_target.setdefault(edit.target, []).append(edit)
    sites = {
        target: site._replace(reader=_Supposed(site.reader, by_target[target]))
        if target in by_target
        else site
        for target, site in world.sites.items()
    }
    return world._replace(sites=sites)


class _Supposed:
    """An engine's reader that sees other notes than there are."""

    def __init__(self, reader: EngineReader, edits: Sequence[Edit]) -> None:
        self._reader = reader
        self._edits = edits

    def snapshot(self, project: str) -> EngineSnapshot:
        """Return all that is there, with the notes as supposed."""
        seen = self._reader.snapshot(project)
        return seen._replace(notes=edited(seen.notes, self._edits))


def edited(notes: Iterable[Note], edits: Iterable[Edit]) -> tuple[Note, ...]:
    """Return notes as they are after these edits."""
    found = {(note.topic, note.name): note for note in notes}
    for edit in edits:
        if isinstance(edit, WriteNote):
            found[(edit.note.topic, edit.note.name)] = edit.note
        else:
            found.pop((edit.topic, edit.name), None)
    return tuple(found.values())
