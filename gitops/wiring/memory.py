"""Opens the store of a project and the queue of the machine, and names this process."""

from __future__ import annotations

import os
from pathlib import Path

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.processes import is_alive, is_gone, this_host, this_process
from gitops.model.lease import Lease
from gitops.settings import Settings
from gitops.store.queue import Lives, TurnQueue
from gitops.store.store import Store

QUEUE = Path("machine") / "queue.db"
"""In a folder of its own: a project may be called `queue`."""


def open_store(project: str, settings: Settings) -> Store:
    """Return the memory of `project`; its file is made by the first write."""
    return Store(settings.state / f"{project}.db")


def new_lease(settings: Settings, reason: str) -> Lease:
    """Return a claim in the name of this process."""
    return Lease(
        id=os.urandom(8).hex(),
        owner=f"{settings.owner} pid {os.getpid()}",
        host=this_host(),
        process=this_process(),
        reason=reason,
    )


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
