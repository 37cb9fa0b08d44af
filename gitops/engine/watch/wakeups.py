"""What wakes a loop up. A wake-up carries no meaning of its own: the loop looks for itself."""

from __future__ import annotations

import time
from threading import Condition


class Wakeups:
    """A queue of one: however often it is rung, the loop looks once."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._reasons: dict[str, None] = {}
        self._settles = 0.0

    def wake(self, reason: str, *, quiet: float = 0.0) -> None:
        """Wake the loop when nothing more has come for `quiet` seconds; `reason` is for people."""
        with self._changed:
            self._reasons[reason] = None
            self._settles = max(self._settles, time.monotonic() + quiet)
            self._changed.notify_all()

    def wait(self, until: float, longest: float) -> tuple[str, ...]:
        """Wait for a wake-up and for the quiet that it asks for; return the reasons.

        None come back when the monotonic time `until` came first. A stream of wake-ups that does
        not end is answered after `longest` seconds.
        """
        with self._changed:
            while not self._reasons:
                left = until - time.monotonic()
                if left <= 0:
                    return ()
                self._changed.wait(left)
            latest = time.monotonic() + longest
            while (calm := min(self._settles, latest) - time.monotonic()) > 0:
                self._changed.wait(calm)
            reasons = tuple(self._reasons)
            self._reasons.clear()
            return reasons
