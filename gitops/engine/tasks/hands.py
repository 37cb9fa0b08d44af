"""Threads that do the work of a run, and what has become of it.

Smaller than `concurrent.futures`, which takes longer to load than a step takes to begin.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Thread
from types import TracebackType
from typing import Generic, NamedTuple, Self, TypeVar

T = TypeVar("T")


class _Done(NamedTuple, Generic[T]):
    name: str
    found: T | None
    error: BaseException | None


class Crew(Generic[T]):
    """A thread for each piece of work; at the end of the context all of them have ended."""

    def __init__(self) -> None:
        self._done: SimpleQueue[_Done[T]] = SimpleQueue()
        self._threads: list[Thread] = []

    def begin(self, name: str, work: Callable[[], T]) -> None:
        """Begin a piece of work."""

        def do() -> None:
            try:
                self._done.put(_Done(name, work(), None))
            except BaseException as error:  # noqa: BLE001 - it flies on where it is waited for
                self._done.put(_Done(name, None, error))

        thread = Thread(target=do, name=f"step-{name}")
        self._threads.append(thread)
        thread.start()

    def next(self) -> tuple[str, T]:
        """Wait for the next piece that is done; return its name and result, or raise its error."""
        name, found, error = self._done.get()
        if error is not None:
            raise error
        return name, found  # type: ignore[return-value] # without an error there is a result

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for thread in self._threads:
            thread.join()


class Chore:
    """Something to be done by a `Line`."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action
        self._ended = Event()
        self._error: BaseException | None = None

    def do(self) -> None:
        """Do it."""
        try:
            self._action()
        except BaseException as error:  # noqa: BLE001 - it flies on where it is waited for
            self._error = error
        self._ended.set()

    def result(self) -> None:
        """Wait until it was done; raise its error."""
        self._ended.wait()
        if self._error is not None:
            raise self._error


class Line:
    """Does chores one after the other, in a thread that is there when there are any."""

    def __init__(self, name: str) -> None:
        self._chores: SimpleQueue[Chore | None] = SimpleQueue()
        self._name = name
        self._thread: Thread | None = None

    def add(self, action: Callable[[], None]) -> Chore:
        """Add a chore, by one thread at a time; none may be added after `close`."""
        chore = Chore(action)
        self._chores.put(chore)
        if self._thread is None:
            self._thread = Thread(target=self._work, name=self._name)
            self._thread.start()
        return chore

    def close(self) -> None:
        """Return when all chores are done."""
        self._chores.put(None)
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while (chore := self._chores.get()) is not None:
            chore.do()
