"""Time that passes only when somebody waits."""

from __future__ import annotations


class ManualClock:
    """A clock, and a cancel flag whose `wait` lets its time pass.

    The flag is raised by itself at `raised_at`.
    """

    def __init__(self, now: float = 1000.0, raised_at: float = float("inf")) -> None:
        self.now = now
        self.raised_at = raised_at
        self.waits: list[float] = []

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def is_set(self) -> bool:
        """Say whether the flag is raised."""
        return self.now >= self.raised_at

    def wait(self, timeout: float | None = None) -> bool:
        """Let `timeout` seconds pass, less when the flag is raised meanwhile."""
        self.waits.append(timeout or 0.0)
        self.now = min(self.now + (timeout or 0.0), max(self.raised_at, self.now))
        return self.is_set()
