"""The standard streams, made so that no output can fail a run.

A descriptor that the caller closed would be given to the next file that is opened, a database for
example, and what we print would go there. A terminal that is gone, or a full disk, must not end a
run half way. Text that the terminal's encoding cannot show is shown with question marks.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import TextIO

_STREAMS = 3


class OutputError(OSError):
    """Standard output cannot be written, though its reader is there."""


class _Output(io.TextIOWrapper):
    """Standard output: it tells apart what cannot be printed from what goes wrong elsewhere."""

    def write(self, text: str, /) -> int:
        """Write it, or raise `BrokenPipeError` or `OutputError`."""
        try:
            return super().write(text)
        except OSError as error:
            raise _told(error) from error

    def flush(self) -> None:
        """Pass on what was written, or raise `BrokenPipeError` or `OutputError`."""
        try:
            super().flush()
        except OSError as error:
            raise _told(error) from error


class _Aside(io.TextIOWrapper):
    """Standard error: remarks that cannot be written are dropped."""

    def write(self, text: str, /) -> int:
        """Write it, if that can be done."""
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """Pass on what was written, if that can be done."""
        with suppress(OSError):
            super().flush()


def make_ready() -> None:
    """Open the standard streams that are closed, and make the others bear what is printed."""
    _open_closed()
    sys.stdin = sys.stdin or open(0, closefd=False)  # noqa: SIM115 - for the whole process
    sys.stdout = _made(sys.stdout, 1, _Output, "replace")
    sys.stderr = _made(sys.stderr, 2, _Aside, "backslashreplace")


def drop_output() -> None:
    """Let whatever is still to be printed go nowhere: its reader has gone, or has no room."""
    drop([1])


def terminals() -> tuple[int, ...]:
    """Return which of the three are a terminal: one that is gone cannot be asked any more."""
    return tuple(number for number in range(_STREAMS) if os.isatty(number))


def drop(numbers: Iterable[int]) -> None:
    """Let what is still to be printed there go nowhere."""
    for number in numbers:
        os.dup2(os.open(os.devnull, os.O_RDWR), number)


def _open_closed() -> None:
    for number in range(_STREAMS):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free


def _made(stream: TextIO | None, number: int, kind: type[io.TextIOWrapper], errors: str) -> TextIO:
    old = stream or open(number, "w", closefd=False)  # noqa: SIM115 - for the whole process
    if not isinstance(old, io.TextIOWrapper):
        return old
    encoding, lines = old.encoding, old.line_buffering
    return kind(old.detach(), encoding=encoding, errors=errors, line_buffering=lines)


def _told(error: OSError) -> OSError:
    return error if isinstance(error, BrokenPipeError) else OutputError(error.errno, error.strerror)
