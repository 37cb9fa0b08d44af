"""The log of a task's run: whole lines, gathered for a moment, compressed, a row for each block.

100 MB of output are 400 rows of about 256 KiB; a row for each line would be a million.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from gitops.model.task_runs import LogBlock
from gitops.store.database import Database
from gitops.store.gathering import Gathering

BATCH = 256 * 1024
"""Characters that are gathered at most."""
LEVEL = 1
"""The fastest: a build's log shrinks to a tenth with it, and level 6 takes three times as long."""

_Text = tuple[int, str]


class TaskLog(Gathering[_Text]):
    """Appends to a run's log, from any thread; see `Gathering` for what goes wrong.

    A step does not fail because its log cannot be kept. Lines of a run that has ended are dropped.
    """

    def __init__(
        self, database: Database, run: str, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(f"the log of run {run}", BATCH, self._insert)
        self._database = database
        self._run = run
        self._clock = clock

    def write(self, step: int, text: str) -> None:
        """Append whole lines, each with its line end, of a step; ValueError after `close`."""
        self.add((step, text), len(text))

    def _insert(self, texts: Sequence[_Text]) -> None:
        parts: dict[int, list[str]] = {}
        for step, text in texts:
            parts.setdefault(step, []).append(text)
        now = self._clock()
        with self._database.write() as transaction:
            # SELECT FROM task_runs: a run that has ended, or that is lost, takes nothing more.
            transaction.execute_each(
                "INSERT INTO task_log (run, step, time, lines, block) "
                "SELECT id, ?, ?, ?, ? FROM task_runs WHERE id = ? AND ended IS NULL",
                [self._row(step, now, "".join(part)) for step, part in parts.items()],
            )

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
