"""When the build cache is pruned: not while somebody waits for it, and not for nothing.

To prune, the engine looks at every layer that it keeps, whether one has to go or not: 0.1 ms each,
which is half a second on an engine that has built for some weeks.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

from gitops.drivers.base import Cancel, Output

_REST = 50
"""A look that freed nothing is followed by a rest of so many times what it took: 2 % of the time
goes into looking, and little can have been built meanwhile."""

_LONGEST = 60.0
"""Seconds of the longest rest."""

_LOOK = 0.05
"""Seconds after which somebody who waits is heard when he gives up."""

Chore = Callable[[Output], None]


def at_once(chore: Chore, output: Output) -> None:
    """Do a chore before anything else."""
    chore(output)


class Pace(NamedTuple):
    """Remembers in `file` until when an engine's cache rests; without a file it never does."""

    file: Path | None = None

    def due(self, keep: int, now: float) -> bool:
        """Say whether the cache may have grown beyond `keep` bytes; `now` is seconds since 1970."""
        if self.file is None:
            return True
        try:
            told = json.loads(self.file.read_text())
            left = float(told["until"]) - now
        except (OSError, ValueError, KeyError, TypeError):
            return True
        # A clock that was set back must not make the rest a long one.
        return told.get("keep") != keep or not 0 < left <= _LONGEST

    def note(self, keep: int, took: float, now: float) -> None:
        """Remember a look of `took` seconds that freed nothing; 0 after one that did."""
        if self.file is None:
            return
        told = json.dumps({"keep": keep, "until": now + min(took * _REST, _LONGEST)})
        with suppress(OSError):  # without a memory the cache is only looked at more often
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text(told)


def pace(cache: Path, address: str) -> Pace:
    """Return the pace of the engine at `address`, remembered in the folder `cache`."""
    return Pace(cache / "prune" / sha256(address.encode()).hexdigest()[:16])


class Habit(NamedTuple):
    """How often, and when: `later` is given the chore, and who hears of it."""

    pace: Pace = Pace()
    later: Callable[[Chore, Output], None] = at_once


class Chores:
    """Does chores in threads, beside whatever follows."""

    def __init__(self) -> None:
        self._threads: list[Thread] = []
        self._dropped = Event()

    def later(self, chore: Chore, output: Output) -> None:
        """Begin a chore; what it says after `wait` was given up is heard by nobody."""

        def heard(line: str) -> None:
            if not self._dropped.is_set():
                output(line)

        thread = Thread(target=chore, args=[heard], name="chore", daemon=True)
        thread.start()
        self._threads.append(thread)

    def wait(self, cancel: Cancel) -> None:
        """Return when all are done, or `cancel` is raised."""
        for thread in self._threads:
            while thread.is_alive() and not cancel.is_set():
                thread.join(_LOOK)
        if cancel.is_set():
            self._dropped.set()
