"""The logs of several containers as one, in the order in which they were written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Thread
from typing import NamedTuple

from gitops.cli.finding import Unit
from gitops.drivers.base import DriverError, Engine, ErrorKind

_POLL = 0.1
_LOOK = 1.0
"""Seconds between looks for containers that are new: a deploy replaces those that are there."""

_TICK = 0.001
"""Seconds by which a time as a number may be off: it is asked from a little before."""


class Entry(NamedTuple):
    """One line: when it was written (RFC 3339, nine decimals), and by whom."""

    time: str
    unit: Unit
    line: str


class Choice(NamedTuple):
    """Which lines: from when on (seconds since 1970; 0 is no bound), and how many of the last."""

    since: float
    tail: int


Engines = Callable[[str], Engine]
"""Gives the engine of a target."""


def written(engines: Engines, units: Iterable[Unit], choice: Choice) -> tuple[Entry, ...]:
    """Return the last lines of all units together, in their order."""
    entries = [
        Entry(at, unit, line)
        for unit in units
        for at, line in engines(unit.target).journal(unit.container.name, *choice)
    ]
    return tuple(sorted(entries, key=lambda entry: entry.time)[-choice.tail :])


def followed(
    engines: Engines, look: Callable[[], tuple[Unit, ...]], choice: Choice
) -> Iterator[Entry]:
    """Give the last lines of all units, then each line as it is written, until none of them runs.

    `look` returns the units that there are now: those that come later are followed as well.
    """
    return _Following(engines, look).entries(choice)


class _Following:
    """Threads that read, one for each container that runs, and how far each has come."""

    def __init__(self, engines: Engines, look: Callable[[], tuple[Unit, ...]]) -> None:
        self._engines = engines
        self._look = look
        self._queue: SimpleQueue[Entry] = SimpleQueue()
        self._threads: dict[str, Thread] = {}
        self._last: dict[str, str] = {}

    def entries(self, choice: Choice) -> Iterator[Entry]:
        yield from self._noted(written(self._engines, self._look(), choice))
        looked = float("-inf")
        while True:
            if time.monotonic() - looked >= _LOOK or not self._reads():
                if not self._begin() and not self._reads() and self._queue.empty():
                    return
                looked = time.monotonic()
            yield from self._noted(_gathered(self._queue))

    def _reads(self) -> bool:
        return any(thread.is_alive() for thread in self._threads.values())

    def _noted(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            self._last[entry.unit.container.id] = entry.time
            yield entry

    def _begin(self) -> bool:
        """Begin to read what runs and is not read yet; say whether anything runs."""
        running = [unit for unit in self._look() if unit.container.running]
        for unit in running:
            which = unit.container.id
            thread = self._threads.get(which)
            if thread is None or not thread.is_alive():
                engine, last = self._engines(unit.target), self._last.get(which, "")
                self._threads[which] = _follow(engine, unit, last, self._queue)
        return bool(running)


def _follow(engine: Engine, unit: Unit, last: str, queue: SimpleQueue[Entry]) -> Thread:
    """Begin to follow a unit after the time of its last line."""
    since = _seconds(last) - _TICK if last else 0.0

    def run() -> None:
        try:
            for at, line in engine.journal(unit.container.name, since, follow=True):
                if at > last:
                    queue.put(Entry(at, unit, line))
        except DriverError as error:
            # One that is gone by now has said all that it had to say.
            if error.kind is not ErrorKind.MISSING:
                queue.put(Entry("", unit, f"error: {error}"))

    thread = Thread(target=run, name=f"log {unit.name}", daemon=True)
    thread.start()
    return thread


def _gathered(queue: SimpleQueue[Entry]) -> list[Entry]:
    """Return the lines of a moment, in the order in which they were written."""
    entries: list[Entry] = []
    try:
        entries.append(queue.get(timeout=_POLL))
        while True:
            entries.append(queue.get_nowait())
    except Empty:
        return sorted(entries, key=lambda entry: entry.time)


def _seconds(time_: str) -> float:
    """Return the seconds since 1970 of a time with nine decimals, to the microsecond below."""
    return datetime.fromisoformat(f"{time_[:26]}+00:00").timestamp()
