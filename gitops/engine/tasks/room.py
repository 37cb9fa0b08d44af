"""Ends a run that takes more room on the engine's disk than it may.

No engine keeps a container or a volume small on every file system, so that the room is looked at
now and then: a run can be over its limit by what it writes in between.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from gitops.drivers.base import Cancel, DriverError, ErrorKind
from gitops.engine.tasks.stopping import Stop, StopFlag, Why

INTERVAL = 1.0
"""Seconds between two looks."""
_SHARE = 10
"""A look is followed by a pause of at least so many times as long as it took."""

Room = Callable[[Cancel], int]
"""Returns how many bytes the run takes now; raises `DriverError`."""


@contextmanager
def roomy(
    flag: StopFlag, limit: int, room: Room, tell: Callable[[str], None]
) -> Iterator[StopFlag]:
    """Give a flag below `flag` that is raised when the run takes more than `limit` bytes.

    A limit of 0 is none. `tell` hears once why the room could not be looked at.
    """
    with flag.below() as own:
        if not limit:
            yield own
            return
        ended = Event()
        thread = Thread(target=_look, args=(own, limit, room, tell, ended), name="room")
        thread.start()
        try:
            yield own
        finally:
            ended.set()
            thread.join()


def _look(
    flag: StopFlag, limit: int, room: Room, tell: Callable[[str], None], ended: Event
) -> None:
    pause, told = INTERVAL, False
    while not ended.wait(pause):
        began = time.monotonic()
        try:
            taken = room(ended)
        except DriverError as error:
            if error.kind is ErrorKind.CANCELLED:
                return
            if not told:
                tell(f"warning: {error}; the limit of {mebibytes(limit)} is not watched meanwhile")
            told = True
            continue
        if taken > limit:
            text = (
                f"the run takes {mebibytes(taken)} on the engine's disk, and may take "
                f"{mebibytes(limit)} (its disk limit)"
            )
            flag.stop(Why(Stop.NO_ROOM, text))
            return
        pause = max(INTERVAL, _SHARE * (time.monotonic() - began))


def mebibytes(size: int) -> str:
    """Return a size in words: `1536 MiB`."""
    return f"{size / 2**20:.0f} MiB"
