"""The log of a step, line by line."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from gitops.store.database import Database
from gitops.store.gathering import Gathering

BATCH = 200
LONGEST = 8192
"""Characters of a line that are kept; some programs write a whole page without a line end."""

_Line = tuple[float, str]


class StepLog(Gathering[_Line]):
    """Appends to one step's log, from any thread; see `Gathering` for what goes wrong.

    A step does not fail because its log cannot be kept. Lines of a run that the database does not
    know are dropped.
    """

    def __init__(
        self, database: Database, run: str, step: int, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(f"the log of step {step}", BATCH, self._insert)
        self._database = database
        self._run = run
        self._step = step
        self._clock = clock

    def write(self, line: str) -> None:
        """Append one line without its line end; ValueError after `close`."""
        self.add((self._clock(), _shortened(line)))

    def _insert(self, lines: Sequence[_Line]) -> None:
        with self._database.write() as transaction:
            # SELECT FROM runs: if the file was deleted meanwhile, the new one lacks the run.
            transaction.execute_each(
                "INSERT INTO log_lines (run, step, time, line) "
                "SELECT id, ?, ?, ? FROM runs WHERE id = ?",
                ((self._step, moment, line, self._run) for moment, line in lines),
            )


def _shortened(line: str) -> str:
    if len(line) <= LONGEST:
        return line
    return f"{line[:LONGEST]}... ({len(line) - LONGEST} more characters)"
