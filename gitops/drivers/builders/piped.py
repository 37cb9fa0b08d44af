"""A context that writes, turned into pieces to be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from gitops.drivers.base import BuildContext, DriverError

CHUNK = 1 << 16


@contextmanager
def piped(context: BuildContext) -> Iterator[Iterator[bytes]]:
    """Turn a context that writes into pieces to be read; its error comes after the last one."""
    read, write = os.pipe()
    failures: list[DriverError | OSError] = []

    def fill() -> None:
        with os.fdopen(write, "wb") as stream:
            try:
                context.write_to(stream)
                stream.flush()
            except BrokenPipeError:
                pass  # the engine has refused the build, and says why
            except (DriverError, OSError) as error:
                failures.append(error)

    def pieces() -> Iterator[bytes]:
        while chunk := os.read(read, CHUNK):
            yield chunk
        if failures:
            # Without the end of the body the engine does not build from a part of it.
            raise failures[0]

    thread = Thread(target=fill, daemon=True)
    thread.start()
    try:
        yield pieces()
    finally:
        os.close(read)
        thread.join()
