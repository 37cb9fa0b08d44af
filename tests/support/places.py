"""Places for tests on one machine: a test that measures time needs more room than another.

The processes of one run of pytest-xdist share as many places as there are processes. A test takes
one of them; one that measures takes all but one, so that at most one other is at work beside it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from support.eventual import eventually

PATIENCE = 1200.0
"""Seconds after which a place that does not come free is an error: longer than any test."""


class Places(NamedTuple):
    """The places of one run: a folder that its processes share, and how many there are."""

    folder: Path
    number: int

    @contextmanager
    def taken(self, wanted: int) -> Iterator[None]:
        """Hold so many places while the body of a `with` runs.

        Who comes first is served first, so that whoever needs several is not passed for ever. A
        process that dies gives its places back, as its files are closed.
        """
        with ExitStack() as held:
            with _locked(self.folder / "place-queue"):
                for _ in range(min(wanted, self.number)):
                    eventually(lambda: self._take(held), PATIENCE, "a place for this test")
            yield

    def _take(self, held: ExitStack) -> bool:
        """Take a place that is free; say whether there was one."""
        for number in range(self.number):
            descriptor = os.open(self.folder / f"place-{number}", os.O_CREAT | os.O_RDWR, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
            else:
                held.callback(os.close, descriptor)
                return True
        return False


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
