"""Several looks at once: the slowest decides how long it takes, not their number."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from threading import Thread
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Look(Generic[T]):
    """A call that runs in a thread of its own from the moment it is made."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._found: list[T] = []
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._found.append(self._call())
        except BaseException as error:  # noqa: BLE001 - carried to the thread that asks
            self._error = error

    def ended(self, timeout: float) -> bool:
        """Say whether the call has ended; wait for that `timeout` seconds at most."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def result(self) -> T:
        """Return what the call gave, or raise what it raised, when it has ended."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found[0]


def together(calls: Mapping[K, Callable[[], T]]) -> dict[K, T]:
    """Call all functions at once; return their results by key. One alone is called here."""
    if len(calls) == 1:
        return {key: call() for key, call in calls.items()}
    looks = {key: Look(call) for key, call in calls.items()}
    return {key: look.result() for key, look in looks.items()}
