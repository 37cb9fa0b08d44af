"""The queue of the machine: a file in which runs of all projects wait for their turn.

Nothing in it outlives its processes. A ticket is theirs: who dies with one loses it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple, Protocol

from gitops.store.faults import StoreError
from gitops.store.queue_file import Change, Held, QueueFile, Wish
from gitops.store.queue_order import order, told_place

PAUSE = 0.1
"""Seconds between two looks of one who waits."""
MOST_PAUSE = 2.0
"""The same when many wait, who together should not keep the machine busy with looking."""
CROWD = 10
BEAT = 10.0
"""Seconds between two signs of life of one whose turn it is."""
SILENT = 5.0
"""Seconds without one after which somebody who waits, and does not look, is passed over."""
LOST = 60.0
"""Seconds after which a ticket is dropped of whose process nothing can be known."""


class Flag(Protocol):
    """What calls the waiting off."""

    def is_set(self) -> bool:
        """Say whether it is raised."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds for it."""
        ...


class Lives(NamedTuple):
    """What the queue asks of the outside.

    `gone` says of a host and a process whether it has ended for certain, `alive` whether it still
    runs for certain; both are false where nothing can be known. `given_up` is what to raise when
    the waiting of a run is called off.
    """

    gone: Callable[[str, str], bool]
    alive: Callable[[str, str], bool]
    given_up: Callable[[str], Exception]


class TurnQueue:
    """Lets `limit` runs work at the same time, for any number of processes that name the same file.

    A turn goes to the project with the fewest runs at work, among these to the one whose last turn
    is longest ago; within a project to the higher priority, then to who asked first. Every function
    may raise `StoreError`.
    """

    def __init__(self, path: Path, limit: int, lives: Lives) -> None:
        self._file = QueueFile(path)
        self._limit = limit
        self._lives = lives

    def turn(
        self, ticket: Wish, cancel: Flag, told: Callable[[str], None]
    ) -> AbstractContextManager[None]:
        """Wait for a turn, which ends with the context; `told` hears the place and the reason.

        Raises what `given_up` makes when `cancel` is raised meanwhile.
        """
        return self._turn(ticket, cancel, told)

    @contextmanager
    def _turn(self, ticket: Wish, cancel: Flag, told: Callable[[str], None]) -> Iterator[None]:
        ended = Event()
        beating = Thread(target=self._beat, args=(ticket.run, ended), daemon=True)
        try:
            self._wait(ticket, cancel, told)
            beating.start()
            yield
        finally:
            ended.set()
            self._file.remove(ticket.run)

    def _wait(self, ticket: Wish, cancel: Flag, told: Callable[[str], None]) -> None:
        last = ""
        while True:
            if cancel.is_set():
                raise self._lives.given_up(ticket.run)
            words, others = self._look(ticket)
            if not words:
                return
            if words != last:
                told(words)
                last = words
            cancel.wait(min(PAUSE * (1 + others / CROWD), MOST_PAUSE))

    def _look(self, ticket: Wish) -> tuple[str, int]:
        """Take the turn if it has come and return no words, else say at which place it waits.

        Returns how many wait as well.
        """
        now = time.time()
        with self._file.change() as change:
            # Put there again if need be: the file may have been deleted meanwhile.
            change.add(ticket, now)
            held = self._living(change, now)
            working = [one for one in held if one.since is not None]
            waiting = [
                one
                for one in held
                if one.since is None and (one.run == ticket.run or now - one.beat < SILENT)
            ]
            line = order(waiting, working, change.turns())
            place = next(n for n, one in enumerate(line, 1) if one.run == ticket.run)
            if place <= self._limit - len(working):
                change.take(ticket.run, ticket.project, now)
                return "", len(line)
            return told_place(place, len(line), working, now), len(line)

    def _living(self, change: Change, now: float) -> list[Held]:
        """Return the tickets whose processes may still run; remove the others."""
        gone: dict[tuple[str, str], bool] = {}
        held = change.tickets()
        for one in held:
            who = (one.host, one.process)
            if who not in gone:
                lost = now - one.beat > LOST and not self._lives.alive(*who)
                gone[who] = lost or self._lives.gone(*who)
            if gone[who]:
                change.remove(one.run)
        return [one for one in held if not gone[one.host, one.process]]

    def _beat(self, run: str, ended: Event) -> None:
        while not ended.wait(BEAT):
            # One that is missed does no harm.
            with suppress(StoreError):
                self._file.beat(run, time.time())
