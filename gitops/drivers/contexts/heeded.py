"""Work that only waits, for a server that may be silent, and that can be called off meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Thread
from typing import TypeVar

from gitops.drivers.base import Cancel, DriverError, ErrorKind

T = TypeVar("T")

_TICK = 0.05
"""Seconds between two looks at the flag."""


def heeded(work: Callable[[], T], cancel: Cancel | None, what: str) -> T:
    """Return what `work` returns, or raise what it raises; CANCELLED as soon as `cancel` is raised.

    Work that is called off is left alone: it ends with its own limit of time, or with the process.
    """
    if cancel is None:
        return work()
    ended = Event()
    results: SimpleQueue[T] = SimpleQueue()
    errors: SimpleQueue[BaseException] = SimpleQueue()

    def carry_out() -> None:
        try:
            results.put(work())
        except BaseException as error:  # noqa: BLE001 - it flies on in the thread that waits
            errors.put(error)
        finally:
            ended.set()

    Thread(target=carry_out, name=what, daemon=True).start()
    while not ended.wait(_TICK):
        if cancel.is_set():
            raise DriverError(ErrorKind.CANCELLED, f"{what} was given up")
    if not errors.empty():
        raise errors.get()
    return results.get()
