"""The log of a step: lines are gathered for a moment, because one write a line would be slow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from gitops.store.database import Database
from gitops.store.faults import StoreError

DELAY = 0.2
"""Seconds after which a line can be read, at the latest."""
BATCH = 200
LONGEST = 8192
"""Characters of a line that are kept; some programs write a whole page without a line end."""


class StepLog:
    """Appends to one step's log, from any thread.

    `write` never fails: a step does not fail because its log cannot be kept. The first error is
    raised by `close`, and lines that could not be written are lost. Lines of a run that the
    database does not know are dropped.
    """

    def __init__(
        self, database: Database, run: str, step: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._run = run
        self._step = step
        self._clock = clock
        # Held while writing too, so that batches reach the file in the order of their lines.
        self._lock = threading.Lock()
        self._lines: list[tuple[float, str]] = []
        self._timer: threading.Timer | None = None
        self._error: StoreError | None = None
        self._closed = False

    def write(self, line: str) -> None:
        """Append one line without its line end; ValueError after `close`."""
        with self._lock:
            if self._closed:
                raise ValueError(f"the log of step {self._step} is closed")
            self._lines.append((self._clock(), _shortened(line)))
            if len(self._lines) >= BATCH:
                self._flush()
            elif self._timer is None:
                self._timer = threading.Timer(DELAY, self._flush_late)
                self._timer.daemon = True
                self._timer.start()

    def close(self) -> None:
        """Write what is left; raise the first `StoreError` that kept lines from being written."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._flush()
        if self._error is not None:
            raise self._error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _flush_late(self) -> None:
        with self._lock:
            self._flush()

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._lines = self._lines, []
        if not lines:
            return
        try:
            with self._database.write() as transaction:
                # SELECT FROM runs: if the file was deleted meanwhile, the new one lacks the run.
                transaction.execute_each(
                    "INSERT INTO log_lines (run, step, time, line) "
                    "SELECT id, ?, ?, ? FROM runs WHERE id = ?",
                    ((self._step, moment, line, self._run) for moment, line in lines),
                )
        except StoreError as error:
            self._error = self._error or error


def _shortened(line: str) -> str:
    if len(line) <= LONGEST:
        return line
    return f"{line[:LONGEST]}... ({len(line) - LONGEST} more characters)"
