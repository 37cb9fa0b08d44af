"""Obligation: 100 MB of a step's output are kept whole, in little memory, however it is read."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import pytest
from support.eventual import eventually
from support.process import COMMAND
from support.quick import Quick

pytestmark = pytest.mark.scenario

LINES = 1_000_000
WIDTH = 100
"""Bytes of each line, with its end."""
MOST = 150 << 20
"""Bytes of memory that gitops may use while it runs a task."""
GROWTH = 40 << 20
"""Bytes of memory that 100 MB of output may cost more than one line."""
LATE = 10.0
"""Seconds after the run by which its readers have ended."""


def program(lines: int) -> str:
    """Return a command that prints numbered lines as fast as it can."""
    told = f'BEGIN {{ for (i = 0; i < {lines}; i++) printf "%099d\\n", i }}'
    return f"busybox awk '{told}'"


def digest_of(lines: int) -> str:
    """Return the SHA-256 of what `program` prints."""
    made = hashlib.sha256()
    for number in range(lines):
        made.update(b"%099d\n" % number)
    return made.hexdigest()


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Ended(NamedTuple):
    """How a run of a task ended, with the most memory that it used and the time that it took."""

    memory: int
    seconds: float


class Loud:
    """A run of a task that prints much, in the background."""

    def __init__(self, quick: Quick, lines: int, out: Path | int) -> None:
        self.quick = quick
        self.began = time.monotonic()
        with ExitStack() as stack:
            stream = stack.enter_context(out.open("wb")) if isinstance(out, Path) else out
            self.err = quick.folder / "err"
            self._process = started(
                quick,
                ["run", "--cmd", program(lines)],
                stream,
                stack.enter_context(open_(self.err)),
            )
        self.run = eventually(self._named, what="the run says its id")

    def _named(self) -> str:
        words = self.err.read_text().partition("\n")[0].split()
        return words[1] if len(words) > 1 else ""

    def end(self, timeout: float = 90.0) -> Ended:
        """Wait for the end of the run."""
        most = 0
        deadline = time.monotonic() + timeout
        while self._process.poll() is None:
            assert time.monotonic() < deadline, "the run does not end"
            most = max(most, peak_of(self._process.pid))
            # The high water mark stays until the end: looking now and then is enough.
            eventually(lambda: True)
            with suppress_timeout():
                self._process.wait(0.05)
        assert self._process.returncode == 0, self.err.read_text()
        return Ended(most, time.monotonic() - self.began)
