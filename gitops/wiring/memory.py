"""Opens the store of a project, and names this process."""

from __future__ import annotations

import os

from gitops.drivers.processes import this_host, this_process
from gitops.model.lease import Lease
from gitops.settings import Settings
from gitops.store.store import Store
from gitops.wiring.task_memory import file_of


def open_store(project: str, settings: Settings) -> Store:
    """Return the memory of `project`; its file is made by the first write."""
    return Store(file_of(project, settings))


def new_lease(settings: Settings, reason: str) -> Lease:
    """Return a claim in the name of this process."""
    return Lease(
        id=os.urandom(8).hex(),
        owner=f"{settings.owner} pid {os.getpid()}",
        host=this_host(),
        process=this_process(),
        reason=reason,
    )
