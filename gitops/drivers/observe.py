"""Turns what a reader raises into what it saw."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from gitops.drivers.base import DriverError, ErrorKind
from gitops.model.outcomes import Absent, Found, Observation, Unreachable

T = TypeVar("T")


def observed(look: Callable[[], T], what: str) -> Observation[T]:
    """Return what `look` returns or, for a `DriverError`, that it is absent or cannot be told.

    What is missing or invalid was looked at; everything else says nothing about the thing.
    """
    try:
        return Found(look())
    except DriverError as error:
        if error.kind in (ErrorKind.MISSING, ErrorKind.INVALID):
            return Absent(str(error))
        return Unreachable(what, str(error))
