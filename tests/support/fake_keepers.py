"""Stand-ins for what an engine remembers for us, and for what it tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitops.drivers.base import Cancel, DriverError, EngineEvent, ErrorKind
from gitops.model.lease import Lease
from gitops.model.notes import Note


class FakeLeases:
    """A lease keeper in memory. `free_after` is how often it is refused before it is free."""

    def __init__(self, holder: Lease | None = None, free_after: int = 0) -> None:
        self.held = holder
        self.calls: list[str] = []
        self.lost = False
        self._left = free_after

    def holder(self, _project: str) -> Lease | None:
        """Return who holds it."""
        return self.held

    def acquire(self, _project: str, lease: Lease) -> Lease:
        """Take it if it is free."""
        self.calls.append("acquire")
        if self.held is not None and self.held.id != lease.id and self._left:
            self._left -= 1
            if not self._left:
                self.held = None
        if self.held is None:
            self.held = lease
        return self.held

    def renew(self, _project: str, _lease: Lease) -> None:
        """Show that the holder lives."""
        self.calls.append("renew")
        if self.lost:
            raise DriverError(ErrorKind.CONFLICT, "the lease is somebody else's")

    def release(self, _project: str, _lease: Lease) -> None:
        """Give it back."""
        self.calls.append("release")
        self.held = None


class FakeNotes:
    """A note keeper in memory, for one project. The first `fails` calls fail."""

    def __init__(self, notes: Sequence[Note] = (), fails: int = 0) -> None:
        self.kept = {(note.topic, note.name): note for note in notes}
        self.calls: list[str] = []
        self.fails = fails

    @property
    def latest(self) -> tuple[Note, ...]:
        """What a snapshot shows."""
        return tuple(self.kept[key] for key in sorted(self.kept))

    def write(self, _project: str, note: Note) -> None:
        """Keep a note in the place of all lower versions."""
        self._called(f"write {note.topic} {note.name} {note.version}")
        old = self.kept.get((note.topic, note.name))
        if old is not None and old.version == note.version and old != note:
            raise DriverError(ErrorKind.CONFLICT, f"the {note.topic} of {note.name} is another")
        if old is None or old.version <= note.version:
            self.kept[note.topic, note.name] = note

    def erase(self, _project: str, topic: str, name: str) -> None:
        """Forget a note."""
        self._called(f"erase {topic} {name}")
        self.kept.pop((topic, name), None)

    def _called(self, call: str) -> None:
        self.calls.append(call)
        if self.fails:
            self.fails -= 1
            raise DriverError(ErrorKind.UNREACHABLE, "the engine is away")


class FakeWatcher:
    """Tells the events that it was given, and then waits for the cancel unless it `ends`."""

    def __init__(self, told: Sequence[EngineEvent] = (), *, ends: bool = False) -> None:
        self._told = tuple(told)
        self._ends = ends
        self.asked: list[str] = []

    def events(self, project: str, cancel: Cancel) -> Iterator[EngineEvent]:
        """Give the events."""
        self.asked.append(project)
        return self._give(cancel)

    def _give(self, cancel: Cancel) -> Iterator[EngineEvent]:
        for event in self._told:
            if cancel.is_set():
                return
            yield event
        if not self._ends:
            cancel.wait()
