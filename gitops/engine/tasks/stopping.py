"""Ends work early: by a person's wish, by a limit of time, or because another step failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from threading import Event, Lock, Thread, Timer
from typing import NamedTuple

from gitops.drivers.base import Cancel
from gitops.engine.tasks.ports import TaskBook

GLANCE = 0.05
"""Seconds after which Ctrl-C is noticed."""

LOOK = 4
"""Glances after which the book is asked whether somebody wants the end of the run: 0.2 s."""


class Stop(StrEnum):
    """What kind of reason it was."""

    CANCELED = "canceled"
    RUN_TIMEOUT = "run timeout"
    STEP_TIMEOUT = "step timeout"
    NO_ROOM = "no room"
    SIBLING = "another step failed"


class Why(NamedTuple):
    """Why work is to end, in words too."""

    kind: Stop
    text: str


class StopFlag:
    """A flag that remembers the first reason it was raised for, and raises those below it.

    It satisfies `Cancel`. One for the run, below it one for each attempt of a step.
    """

    def __init__(self) -> None:
        self._event = Event()
        self._lock = Lock()
        self._below: set[StopFlag] = set()
        self._why: Why | None = None

    @property
    def why(self) -> Why | None:
        """Return the first reason; none while the flag is down."""
        return self._why

    def is_set(self) -> bool:
        """Say whether the work is to be given up."""
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds; return at once, with true, when the flag is raised."""
        return self._event.wait(timeout)

    def stop(self, why: Why) -> None:
        """Raise the flag; a later reason changes nothing."""
        with self._lock:
            if self._why is not None:
                return
            self._why = why
            self._event.set()
            below = tuple(self._below)
        for flag in below:
            flag.stop(why)

    @contextmanager
    def below(self) -> Iterator[StopFlag]:
        """Give a flag that is raised with this one, and can be raised alone."""
        flag = StopFlag()
        with self._lock:
            self._below.add(flag)
            why = self._why
        if why is not None:
            flag.stop(why)
        try:
            yield flag
        finally:
            with self._lock:
                self._below.discard(flag)


@contextmanager
def limited(flag: StopFlag, seconds: float, why: Why) -> Iterator[StopFlag]:
    """Give a flag below `flag` that is raised for `why` after `seconds`; 0 is no limit."""
    with flag.below() as own:
        if seconds <= 0:
            yield own
            return
        timer = Timer(seconds, own.stop, [why])
        timer.daemon = True
        timer.start()
        try:
            yield own
        finally:
            timer.cancel()


@contextmanager
def heeding(run: str, book: TaskBook, cancel: Cancel, owner: str = "") -> Iterator[StopFlag]:
    """Give the flag of a run: raised with `cancel`, or when the book says that somebody asked.

    The book is told of `cancel` where it is raised by the `owner` of the run.
    """
    flag, ended = StopFlag(), Event()
    heed = _Heed(run, book, owner)
    thread = Thread(target=heed.until, args=(ended, cancel, flag), name=f"heed-{run}", daemon=True)
    thread.start()
    try:
        yield flag
    finally:
        ended.set()
        thread.join()


class _Heed(NamedTuple):
    run: str
    book: TaskBook
    owner: str

    def until(self, ended: Event, cancel: Cancel, flag: StopFlag) -> None:
        """Raise the flag when somebody wants the end of the run, unless that comes first."""
        glances = 0
        while not ended.wait(GLANCE):
            if cancel.is_set():
                flag.stop(Why(Stop.CANCELED, "interrupted"))
                if self.owner:
                    self.book.interrupted(self.run, self.owner)
                return
            glances += 1
            if glances % LOOK == 0 and (who := self.book.canceled(self.run)):
                flag.stop(Why(Stop.CANCELED, f"canceled by {who}"))
                return
