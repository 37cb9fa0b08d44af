"""Wishes of people that stick: rollback, swap and stop, kept as notes with the engine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from gitops.model.notes import HOLD, STOP, Note
from gitops.model.revisions import Hold
from gitops.model.webapp import WebApp
from gitops.plan.encoding import UnreadableError, decode, encode

Notes = Mapping[tuple[str, str], Note]
"""The notes of one engine, by topic and name."""

TOPICS = {"rollback": HOLD, "swap": HOLD, "stop": STOP}
"""Where a hold of each kind is kept: an app can be rolled back and stopped at the same time."""


def hold_of(notes: Notes, name: str, topic: str = HOLD) -> Hold | None:
    """Return the hold on an app; one that cannot be read counts as none."""
    note = notes.get((topic, name))
    if note is None:
        return None
    try:
        return decode(Hold, note.text)
    except UnreadableError:
        return None


def in_force(notes: Notes, place: WebApp, spec: str) -> Hold | None:
    """Return the rollback or swap that a place keeps to; `spec` is the hash of what it says now.

    A swap begins with the slot's hold and ends with production's: a slot's alone is half of one.
    """
    name = place.address.name
    found = hold_of(notes, name)
    if found is None or found.spec not in ("", spec):
        return None
    production = name.removesuffix(f"-{place.slot}") if place.slot else name
    half = found.kind == "swap" and (HOLD, production) not in notes
    return None if half else found


def hold_note(notes: Notes, name: str, hold: Hold) -> Note:
    """Return the note that puts a hold on an app."""
    topic = TOPICS[hold.kind]
    before = notes.get((topic, name))
    return Note(topic, name, before.version + 1 if before else 1, encode(hold))


def by_topic(notes: tuple[Note, ...]) -> Notes:
    """Return notes by topic and name."""
    return {(note.topic, note.name): note for note in notes}


def described(hold: Hold) -> str:
    """Return a hold in words: what, by whom and why."""
    what = {
        "rollback": f"rolled back to revision {hold.revision}",
        "swap": f"swapped with slot {hold.slot}" if hold.slot else "swapped back",
        "stop": "stopped",
    }[hold.kind]
    why = f": {hold.reason}" if hold.reason else ""
    return f"{what} by {hold.by}{why}"


def held_since(hold: Hold) -> str:
    """Return a hold in words with its time, for those who find an app held."""
    when = datetime.fromtimestamp(hold.since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"held: {described(hold)}, since {when}"
