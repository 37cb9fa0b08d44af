from __future__ import annotations

from support.fakes import FakeLeases, ScriptedEngine, world_of

from gitops.engine.looks.supposing import supposing
from gitops.model.actions import EraseNote, WriteNote
from gitops.model.notes import HOLD, STOP, Note
from gitops.model.observed import EngineSnapshot

HELD = Note(HOLD, "shop", 1, "held")
OTHER = Note(STOP, "other", 1, "stopped")
SEEN = EngineSnapshot((), {}, frozenset(), (HELD, OTHER))


def test_a_look_with_other_notes() -> None:
    """A world can be looked at with notes that are not there yet, and without some that are."""
    world = world_of(ScriptedEngine(), FakeLeases(), SEEN)
    newer = HELD._replace(version=2, text="held anew")
    edits = [WriteNote("local", newer), EraseNote("local", STOP, "other")]
    supposed = supposing(world, edits).sites["local"].reader.snapshot("shop")
    assert supposed.notes == (newer,)
    assert world.sites["local"].reader.snapshot("shop").notes == (HELD, OTHER)


def test_notes_of_another_engine() -> None:
    """A note is written on its own target's engine, and supposed there alone."""
    world = world_of(ScriptedEngine(), FakeLeases(), SEEN)
    edits = [EraseNote("elsewhere", HOLD, "shop"), EraseNote("local", STOP, "none")]
    assert supposing(world, edits).sites["local"].reader.snapshot("shop").notes == (HELD, OTHER)
