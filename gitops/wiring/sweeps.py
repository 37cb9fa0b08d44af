"""What becomes of what dead runs left: on an engine, and on this machine."""

from __future__ import annotations

from contextlib import suppress

from gitops.drivers.base import RunMark, TaskEngine
from gitops.drivers.builders.orphans import end_orphans
from gitops.drivers.leftover_processes import end_leftovers
from gitops.drivers.processes import is_gone
from gitops.engine.tasks.ports import TaskBook
from gitops.engine.tasks.sweeping import sweep
from gitops.store.faults import StoreError


def sweep_all(engine: TaskEngine, book: TaskBook) -> tuple[str, ...]:
    """Remove what dead runs left; return in words what was, and what could not be.

    Raises `DriverError` when the engine cannot be reached.
    """

    def processes() -> tuple[str, ...]:
        return (*end_leftovers(), *end_orphans(book.went_wrong_at))

    return sweep(engine, processes, lambda mark: _over(mark, book))


def _over(mark: RunMark, book: TaskBook) -> bool:
    """Say whether a run has ended, though what did it may have lived on, or be a dead process.

    A run of another user's records is judged by what its mark tells.
    """
    with suppress(StoreError):
        run = book.find(mark.run) if mark.run else None
        if run is not None and run.id == mark.run:
            return run.status.ended or is_gone(run.host, run.process)
    return mark.host != "" and is_gone(mark.host, mark.process)
