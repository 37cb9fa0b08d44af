"""Ctrl-C and SIGTERM, as a flag that the work looks at."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

import click

from gitops.cli import exits

_STEPS = "stopping after the steps that run now; again to stop at once"


@contextmanager
def interruptible(cancel: Event, message: str = _STEPS) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the waits, so that what was begun is left in a known state.

    `message` says what happens then. A second one ends the program at once.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        if cancel.is_set():
            # Threads may hang in what they wait for; a crash at any step is mended by the next run.
            os._exit(exits.INTERRUPTED)
        cancel.set()
        click.echo(message, err=True)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
