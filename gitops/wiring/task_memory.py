"""Opens what a run of a task is remembered in, and the queue of the machine: no more is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.processes import is_alive, is_gone
from gitops.settings import Settings
from gitops.store.database import Database
from gitops.store.queue import Lives, TurnQueue
from gitops.store.task_runs import TaskRuns

QUEUE = Path("machine") / "queue.db"
"""In a folder of its own: a project may be called `queue`."""


def file_of(project: str, settings: Settings) -> Path:
    """Return the file in which a project is remembered; the first write makes it."""
    return settings.state / f"{project}.db"


@contextmanager
def open_runs(project: str, settings: Settings) -> Iterator[TaskRuns]:
    """Give the memory of a project's runs of tasks."""
    with closing(Database(file_of(project, settings))) as database:
        yield TaskRuns(database)


def open_queue(settings: Settings) -> TurnQueue:
    """Return the queue in which runs of all of this user's projects wait for their turn."""
    lives = Lives(
        gone=is_gone,
        alive=lambda host, process: is_alive(host, process) is True,
        given_up=_given_up,
    )
    return TurnQueue(settings.state / QUEUE, settings.builds, lives)


def _given_up(run: str) -> DriverError:
    return DriverError(ErrorKind.CANCELLED, f"run {run} was given up while it waited for its turn")
