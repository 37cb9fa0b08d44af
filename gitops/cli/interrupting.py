"""Ctrl-C, SIGTERM and the end of the terminal (SIGHUP), as a flag that the work looks at."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import NoReturn

import click

from gitops.cli import exits
from gitops.cli.streams import drop, terminals
from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.own_folders import clear_own

_ASKED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STEPS = "stopping after the steps that run now; again to stop at once"


@contextmanager
def abortable(limit: float = 0.0, what: str = "") -> Iterator[None]:
    """Let these signals end at once, with `KeyboardInterrupt`, what has begun nothing yet.

    `what` has to be done after `limit` seconds, 0 is no limit: `DriverError` TIMEOUT is raised
    then. For the main thread.
    """

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        if number == signal.SIGALRM:
            raise DriverError(ErrorKind.TIMEOUT, f"{what} within {limit:g} s (the timeout)")
        raise KeyboardInterrupt

    with _handled((*_ASKED, signal.SIGALRM), end):
        signal.setitimer(signal.ITIMER_REAL, limit)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def interruptible(cancel: Event, message: str = _STEPS) -> Iterator[None]:
    """Let these signals end the waits, so that what was begun is left in a known state.

    `message` says what happens then. A second one ends the program at once. Where the caller has
    seen to it that the end of the terminal ends nothing (nohup), it does not.
    """
    shown = terminals()

    def stop(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            drop(shown)
        if cancel.is_set():
            # Threads may hang in what they wait for; a crash at any step is mended by the next run.
            clear_own()
            os._exit(exits.INTERRUPTED)
        cancel.set()
        click.echo(message, err=True)

    with _handled(_ASKED, stop):
        yield


@contextmanager
def _handled(
    numbers: Iterable[signal.Signals], handle: Callable[[int, FrameType | None], None]
) -> Iterator[None]:
    heard = [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
