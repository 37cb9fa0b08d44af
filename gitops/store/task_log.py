"""The log of a task's run: whole lines, gathered for a moment, compressed, a row for each block.

100 MB of output are 400 rows of about 256 KiB; a row for each line would be a million.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from gitops.model.task_runs import LogBlock
from gitops.store.database import Database
from gitops.store.faults import StoreError

DELAY = 0.2
"""Seconds after which a line can be read, at the latest."""
BATCH = 256 * 1024
"""Characters that are gathered at most."""
LEVEL = 1
"""The fastest: a build's log shrinks to a tenth with it, and level 6 takes three times as long."""


class TaskLog:
    """Appends to a run's log, from any thread.

    `write` never fails: a step does not fail because its log cannot be kept. The first error is
    raised by `close`, and lines that could not be written are lost, as are those of a run that has
    ended. Whoever writes faster than the disk waits, so that memory stays flat.
    """

    def __init__(
        self, database: Database, run: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._run = run
        self._clock = clock
        # Held while writing too, so that blocks reach the file in the order of their lines.
        self._lock = threading.Lock()
        self._parts: dict[int, list[str]] = {}
        self._size = 0
        self._timer: threading.Timer | None = None
        self._error: StoreError | None = None
        self._closed = False

    def write(self, step: int, text: str) -> None:
        """Append whole lines, each with its line end, of a step; ValueError after `close`."""
        with self._lock:
            if self._closed:
                raise ValueError(f"the log of run {self._run} is closed")
            self._parts.setdefault(step, []).append(text)
            self._size += len(text)
            if self._size >= BATCH:
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
            if self._timer is not None:
                self._timer.cancel()
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
            # A full block before does not stop the timer: a thread for each block would be many.
            self._timer = None
            self._flush()

    def _flush(self) -> None:
        parts, self._parts, self._size = self._parts, {}, 0
        now = self._clock()
        rows = [self._row(step, now, "".join(texts)) for step, texts in parts.items()]
        if not rows:
            return
        try:
            with self._database.write() as transaction:
                # SELECT FROM task_runs: a run that has ended, or that is lost, takes nothing more.
                transaction.execute_each(
                    "INSERT INTO task_log (run, step, time, lines, block) "
                    "SELECT id, ?, ?, ?, ? FROM task_runs WHERE id = ? AND ended IS NULL",
                    rows,
                )
        except StoreError as error:
            self._error = self._error or error

    def _row(self, step: int, now: float, text: str) -> tuple[int, float, int, bytes, str]:
        # Lone surrogates, which output of programs brings, cannot be written as UTF-8.
        block = zlib.compress(text.encode(errors="replace"), LEVEL)
        return step, now, text.count("\n"), block, self._run


def read_blocks(
    database: Database, run: str, step: int | None, after: int, limit: int
) -> tuple[LogBlock, ...]:
    """Return blocks of a run, or of one step, that follow the sequence `after`, `limit` at most."""
    rows = database.read(
        "SELECT sequence, step, time, block FROM task_log WHERE run = :run AND sequence > :after "
        "AND (:step IS NULL OR step = :step) ORDER BY sequence LIMIT :limit",
        {"run": run, "step": step, "after": after, "limit": limit},
    )
    return tuple(_block(row) for row in rows)


def place_of_tail(database: Database, run: str, step: int | None, lines: int) -> tuple[int, int]:
    """Return (sequence, lines): read on after `sequence`, and pass over the first `lines` lines."""
    rows = database.read(
        "SELECT sequence, lines FROM task_log WHERE run = :run "
        "AND (:step IS NULL OR step = :step) ORDER BY sequence DESC",
        {"run": run, "step": step},
    )
    missing = lines
    for sequence, count in rows:
        missing -= count
        if missing <= 0:
            return sequence - 1, -missing
    return 0, 0


def _block(row: tuple[Any, ...]) -> LogBlock:
    sequence, step, moment, block = row
    return LogBlock(sequence, step, moment, zlib.decompress(block).decode())
