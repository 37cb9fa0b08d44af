"""What failed and may work later: when it is tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from gitops.engine.watch.backoff import delay
from gitops.model.address import Address


class _Wait(NamedTuple):
    wish: object
    attempts: int
    until: float


class Patience:
    """Counts failures in a row by resource; a newer wish starts from nothing."""

    def __init__(self, clock: Callable[[], float], chance: Callable[[], float]) -> None:
        self._clock = clock
        self._chance = chance
        self._waits: dict[Address, _Wait] = {}

    def failed(self, address: Address, wish: object) -> float:
        """Remember a failure; return after how many seconds it is tried again."""
        before = self._waits.get(address)
        attempts = before.attempts + 1 if before is not None and before.wish == wish else 1
        seconds = delay(attempts, self._chance())
        self._waits[address] = _Wait(wish, attempts, self._clock() + seconds)
        return seconds

    def succeeded(self, addresses: Iterable[Address]) -> None:
        """Forget the failures of what has ended well."""
        for address in addresses:
            self._waits.pop(address, None)

    def waits(self, address: Address, wish: object) -> bool:
        """Say whether it is too early to try this wish again."""
        wait = self._waits.get(address)
        return wait is not None and wait.wish == wish and self._clock() < wait.until

    def due(self) -> float:
        """Return when the next wait is over, by the clock; infinity without any."""
        now = self._clock()
        ahead = [wait.until for wait in self._waits.values() if wait.until > now]
        return min(ahead, default=float("inf"))
