"""Errors of the outside, in words, with their exit codes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from gitops.cli import exits
from gitops.cli.streams import OutputError, drop_output
from gitops.drivers.base import DriverError
from gitops.engine.leasing import Busy
from gitops.model.lease import Lease
from gitops.plan.deploys.wishes import RefusedError
from gitops.settings import SettingsError
from gitops.store.faults import StoreError


class Told(NamedTuple):
    """What to say, and the code to exit with."""

    message: str
    code: int


def explained(error: Exception) -> Told | None:
    """Return what to say of an error of the outside; none for a fault of the program."""
    match error:
        case Busy():
            return Told(f"{busy(error)}; --no-wait was given", exits.BUSY)
        case DriverError() | StoreError() | SettingsError() | RefusedError():
            return Told(str(error), exits.FAILED)
        case OutputError():
            drop_output()
            return Told(f"the output cannot be written: {error.strerror}", exits.FAILED)
        case OSError(filename=str()):
            return Told(f"{error.filename}: {error.strerror}", exits.FAILED)
        case _:
            return None


def busy(error: Busy) -> str:
    """Say who holds the lease, and since when."""
    return f"target {error.target} is held by {error.holder} since {since(error.holder)}"


def since(holder: Lease) -> str:
    """Return when a lease was taken."""
    return datetime.fromtimestamp(holder.since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
