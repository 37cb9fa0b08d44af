"""Tells of changes to files and folders, by the operating system's own notices (watchdog)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

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


class Watcher:
    """Calls `changed` with a path, from a thread of its own, whenever something watched changes.

    A file is watched through its folder, since editors replace files rather than write to them.
    """

    def __init__(self, changed: Callable[[str], None]) -> None:
        self._changed = changed
        self._observer = Observer()
        self._watches: dict[tuple[str, bool], ObservedWatch] = {}
        self._observer.start()

    def watch(self, files: Iterable[str], folders: Iterable[str]) -> None:
        """Watch exactly these from now on; what is not there yet is seen when it comes."""
        trees = {str(Path(folder).resolve()) for folder in folders}
        wanted: dict[tuple[str, bool], set[str] | None] = {(tree, True): None for tree in trees}
        for file in files:
            path = Path(file).absolute()
            names = wanted.setdefault((str(path.parent), False), set())
            if names is not None:
                names.add(path.name)
        for key in self._watches.keys() - wanted.keys():
            self._observer.unschedule(self._watches.pop(key))
        for (folder, recursive), names in wanted.items():
            self._schedule(folder, recursive=recursive, names=names)

    def close(self) -> None:
        """Stop telling."""
        self._observer.stop()
        self._observer.join()

    def _schedule(self, folder: str, *, recursive: bool, names: set[str] | None) -> None:
        before = self._watches.pop((folder, recursive), None)
        if before is not None:
            self._observer.unschedule(before)
        if Path(folder).is_dir():
            handler = _Handler(self._changed, frozenset(names) if names is not None else None)
            watch = self._observer.schedule(handler, folder, recursive=recursive)
            self._watches[folder, recursive] = watch


class _Handler(FileSystemEventHandler):
    def __init__(self, changed: Callable[[str], None], names: frozenset[str] | None) -> None:
        self._changed = changed
        self._names = names

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Pass a change on, if it is one and is about what is watched."""
        if event.event_type not in _CHANGES or _is_git(event):
            return
        paths = [str(path) for path in (event.src_path, event.dest_path) if path]
        if event.is_directory and event.event_type == EVENT_TYPE_MODIFIED:
            return
        for path in paths:
            if self._names is None or Path(path).name in self._names:
                self._changed(path)
                return


def _is_git(event: FileSystemEvent) -> bool:
    """Git rewrites its own files while it is only asked."""
    return ".git" in Path(str(event.src_path)).parts
