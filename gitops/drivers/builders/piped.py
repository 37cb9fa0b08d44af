"""A context that writes, turned into pieces to be read."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

from gitops.drivers.base import BuildContext

CHUNK = 1 << 16
_TICK = 0.1
"""Seconds between two looks at whether it is time to end."""
_STUCK = 5.0
"""Seconds that a context has to notice that nobody reads it any more."""

Check = Callable[[], None]
"""Raises when it is time to end."""


def no_check() -> None:
    """Go on for ever."""


@contextmanager
def piped(context: BuildContext, check: Check = no_check) -> Iterator[Iterator[bytes]]:
    """Turn a context that writes into pieces to be read; its error comes after the last one.

    `check` is asked while no piece comes, too.
    """
    read, write = os.pipe()
    failures: list[Exception] = []

    def pieces() -> Iterator[bytes]:
        while True:
            check()
            if not select.select([read], [], [], _TICK)[0]:
                continue
            chunk = os.read(read, CHUNK)
            if not chunk:
                break
            yield chunk
        if failures:
            # Without the end of the body nobody builds from a part of it.
            raise failures[0]

    thread = Thread(target=_fill, args=(context, write, failures), daemon=True)
    thread.start()
    try:
        yield pieces()
    finally:
        os.close(read)
        thread.join(_STUCK)


def _fill(context: BuildContext, write: int, failures: list[Exception]) -> None:
    """Write the context into a pipe; what goes wrong is told before the pipe ends."""
    # Whoever reads may have given up, and says why.
    with suppress(BrokenPipeError), os.fdopen(write, "wb") as stream:
        try:
            context.write_to(stream)
        except Exception as error:  # noqa: BLE001 - it is raised where the pieces are read
            failures.append(error)
