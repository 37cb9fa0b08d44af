"""Gathers what is written for a moment, because one write a line would be slow."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

from gitops.store.faults import StoreError

DELAY = 0.2
"""Seconds after which what was added can be read, at the latest."""

T = TypeVar("T")


class Gathering(Generic[T]):
    """Hands over what is added, from any thread, in batches and in its order.

    `add` never fails for what `write` does: its first `StoreError` is raised by `close`, and that
    batch is lost. Whoever adds faster than `write` takes waits, so that memory stays flat.
    """

    def __init__(self, name: str, full: int, write: Callable[[list[T]], None]) -> None:
        self._name = name
        self._full = full
        self._write = write
        # Held while writing too, so that batches are written in the order of their items.
        self._lock = threading.Lock()
        self._items: list[T] = []
        self._size = 0
        self._timer: threading.Timer | None = None
        self._error: StoreError | None = None
        self._closed = False

    def add(self, item: T, size: int = 1) -> None:
        """Add one; a batch is full when sizes come to `full`. ValueError after `close`."""
        with self._lock:
            if self._closed:
                raise ValueError(f"{self._name} is closed")
            self._items.append(item)
            self._size += size
            if self._size >= self._full:
                self._flush()
            elif self._timer is None:
                self._timer = threading.Timer(DELAY, self._flush_late)
                self._timer.daemon = True
                self._timer.start()

    def close(self) -> None:
        """Write what is left; raise the first `StoreError` that kept a batch from being written."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
            self._flush()
        if self._error is not None:
            raise self._error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _flush_late(self) -> None:
        with self._lock:
            # A full batch before does not stop the timer: a thread for each batch would be many.
            self._timer = None
            self._flush()

    def _flush(self) -> None:
        items, self._items, self._size = self._items, [], 0
        if not items:
            return
        try:
            self._write(items)
        except StoreError as error:
            self._error = self._error or error
