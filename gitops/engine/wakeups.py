"""What wakes a loop up. A wake-up carries no meaning of its own: the loop looks for itself."""

from __future__ import annotations

import time
from threading import Condition


class Wakeups:
    """A queue of one: however often it is rung, the loop looks once."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._reasons: dict[str, None] = {}
        self._last = 0.0

    def wake(self, reason: str) -> None:
        """Wake the loop; `reason` is for people only."""
        with self._changed:
            self._reasons[reason] = None
            self._last = time.monotonic()
            self._changed.notify_all()

    def wait(self, until: float, quiet: float) -> tuple[str, ...]:
        """Wait for a wake-up, and then until nothing has come for `quiet` seconds.

        Return the reasons; none when the monotonic time `until` came first. A stream of wake-ups
        that does not end is answered after ten times `quiet`.
        """
        with self._changed:
            while not self._reasons:
                left = until - time.monotonic()
                if left <= 0:
                    return ()
                self._changed.wait(left)
            latest = time.monotonic() + 10 * quiet
            while (calm := min(self._last + quiet, latest) - time.monotonic()) > 0:
                self._changed.wait(calm)
            reasons = tuple(self._reasons)
            self._reasons.clear()
            return reasons
