"""Tells of changes to files and folders, by the operating system's own notices (watchdog)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from watchdog.events import (
    EVENT_TYPE_CLOSED,
    EVENT_TYPE_CREATED,
    EVENT_TYPE_DELETED,
    EVENT_TYPE_MODIFIED,
    EVENT_TYPE_MOVED,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import ObservedWatch

_CHANGES = {
    EVENT_TYPE_CLOSED,
    EVENT_TYPE_CREATED,
    EVENT_TYPE_DELETED,
    EVENT_TYPE_MODIFIED,
    EVENT_TYPE_MOVED,
}
"""Opening and reading are left out: the loop reads what it watches, and would wake itself."""


class Watched(NamedTuple):
    """What is watched: files by name, folders for files with `endings`, and trees for anything.

    A file is watched through its folder, since editors replace files rather than write to them.
    """

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    trees: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()


class _Interest(NamedTuple):
    """What of a folder is of interest: these names, and names that end so; `all_` of a tree."""

    names: frozenset[str] = frozenset()
    endings: tuple[str, ...] = ()
    all_: bool = False

    def meets(self, path: str, *, folder: bool) -> bool:
        """Say whether a change of `path` matters; a folder that comes may bring anything."""
        name = Path(path).name
        return (
            self.all_ or name in self.names or bool(self.endings and (folder or self._ends(name)))
        )

    def _ends(self, name: str) -> bool:
        return name.endswith(self.endings) and not name.startswith(".")


class Watcher:
    """Calls `changed` with a path, from a thread of its own, whenever something watched changes."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        self._changed = changed
        self._observer = Observer()
        self._handlers: dict[str, tuple[_Handler, ObservedWatch]] = {}
        self._observer.start()

    def watch(self, watched: Watched) -> bool:
        """Watch exactly this from now on; say whether there is more of it than before.

        Then whoever read it before has to read again: a change in between was not told. What is
        not there yet is not watched; ask again when it may be.
        """
        wanted = {place: one for place, one in _interests(watched).items() if Path(place).is_dir()}
        for place in self._handlers.keys() - wanted.keys():
            self._observer.unschedule(self._handlers.pop(place)[1])
        more = False
        for place, interest in wanted.items():
            more |= self._follow(place, interest)
        return more

    def close(self) -> None:
        """Stop telling."""
        self._observer.stop()
        self._observer.join()

    def _follow(self, place: str, interest: _Interest) -> bool:
        found = self._handlers.get(place)
        if found is not None and found[0].interest == interest:
            return False
        if found is not None and found[0].interest.all_ == interest.all_:
            found[0].interest = interest
            return True
        if found is not None:
            self._observer.unschedule(found[1])
        handler = _Handler(self._changed, interest)
        watch = self._observer.schedule(handler, place, recursive=interest.all_)
        self._handlers[place] = (handler, watch)
        return True


def _interests(watched: Watched) -> dict[str, _Interest]:
    """Return what matters in each folder."""
    wanted: dict[str, _Interest] = {}
    for file in watched.files:
        path = Path(file).absolute()
        place = str(path.parent)
        before = wanted.get(place, _Interest())
        wanted[place] = before._replace(names=before.names | {path.name})
    for folder in watched.folders:
        place = str(Path(folder).absolute())
        wanted[place] = wanted.get(place, _Interest())._replace(endings=watched.endings)
    for tree in watched.trees:
        wanted[str(Path(tree).absolute())] = _Interest(all_=True)
    return wanted


class _Handler(FileSystemEventHandler):
    def __init__(self, changed: Callable[[str], None], interest: _Interest) -> None:
        self.interest = interest
        self._changed = changed

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Pass a change on, if it is one and is about what is watched."""
        if event.event_type not in _CHANGES or _is_git(event):
            return
        if event.is_directory and event.event_type == EVENT_TYPE_MODIFIED:
            return
        for path in (str(path) for path in (event.src_path, event.dest_path) if path):
            if self.interest.meets(path, folder=event.is_directory):
                self._changed(path)
                return


def _is_git(event: FileSystemEvent) -> bool:
    """Git rewrites its own files while it is only asked."""
    return ".git" in Path(str(event.src_path)).parts
