"""How long a build may take, and whether anybody still wants it."""

from __future__ import annotations

import time
from math import ceil

from gitops.drivers.base import Cancel, DriverError, ErrorKind


class TimeLimit:
    """Knows when a build has run out of time (`timeout` seconds, 0 for none), or is called off."""

    def __init__(self, timeout: float, cancel: Cancel, what: str) -> None:
        self._end = time.monotonic() + timeout if timeout else None
        self._timeout = timeout
        self._cancel = cancel
        self._what = what

    def check(self) -> None:
        """Raise CANCELLED or TIMEOUT when it is time."""
        if self._cancel.is_set():
            raise DriverError(ErrorKind.CANCELLED, f"{self._what} was given up")
        if self._end is not None and time.monotonic() > self._end:
            raise DriverError(ErrorKind.TIMEOUT, f"{self._what} did not end in {self._timeout:g} s")

    def left(self) -> float:
        """Return the seconds that are left, begun ones as whole ones; 0 without a limit."""
        if self._end is None:
            return 0.0
        return min(self._timeout, max(1.0, ceil(self._end - time.monotonic())))
