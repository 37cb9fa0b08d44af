"""Ctrl-C, SIGTERM and the end of the terminal (SIGHUP), as a flag that the work looks at."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

import click

from gitops.cli import exits
from gitops.cli.streams import drop, terminals
from gitops.drivers.own_folders import clear_own

_STEPS = "stopping after the steps that run now; again to stop at once"


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

    asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    numbers = [number for number in asked if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
