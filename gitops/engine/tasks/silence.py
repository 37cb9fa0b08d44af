"""Whose failure it is that something cannot be reached."""

from __future__ import annotations

from gitops.drivers.base import DriverError, ErrorKind, TaskEngine


class SilentRegistryError(DriverError):
    """A registry does not answer, while the engine does."""


def laid_to_registry(error: DriverError, engine: TaskEngine, image: str) -> DriverError:
    """Return an error as that of a registry when the engine answers: then a registry did not.

    Both may pass, and are no fault of the step; but the step may ignore a registry that is away,
    as any failure of its own. `image` is any name to ask the engine for.
    """
    if error.kind is not ErrorKind.UNREACHABLE:
        return error
    try:
        engine.has(image)
    except DriverError:
        return error
    return SilentRegistryError(error.kind, error.what, error.detail)
