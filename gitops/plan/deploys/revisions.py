"""The last good revisions of an app, as a note that is kept with its engine's objects.

The first line is the newest configuration's hash, so that a look can tell in no time that there is
nothing to add; the rest is JSON, newest first.
"""

from __future__ import annotations

from collections.abc import Iterable

from gitops.model.notes import HISTORY, Note
from gitops.model.revisions import Revision
from gitops.plan.encoding import UnreadableError, decode, encode


def newest(note: Note | None) -> str:
    """Return the configuration hash of the newest revision; empty without one."""
    return note.text.partition("\n")[0] if note is not None else ""


def revisions(note: Note | None) -> tuple[Revision, ...]:
    """Return the revisions of a note, newest first; one that cannot be read counts as forgotten."""
    lines = note.text.splitlines()[1:] if note is not None else []
    found = []
    for line in lines:
        try:
            found.append(decode(Revision, line))
        except UnreadableError:
            continue
    return tuple(found)


def history_note(name: str, kept: Iterable[Revision]) -> Note:
    """Return the note for revisions, newest first."""
    ordered = tuple(kept)
    text = "\n".join([ordered[0].config, *map(encode, ordered)])
    return Note(HISTORY, name, ordered[0].number, text)


def appended(note: Note | None, revision: Revision, keep: int) -> tuple[Revision, ...]:
    """Return the revisions that are kept when `revision` becomes the newest, with its number.

    One that served before has its old number, and is not listed twice.
    """
    old = revisions(note)
    same = [one.number for one in old if one.config == revision.config]
    number = same[0] if same else max((one.number for one in old), default=0) + 1
    others = [one for one in old if one.config != revision.config]
    return (revision._replace(number=number), *others[: max(keep - 1, 0)])
