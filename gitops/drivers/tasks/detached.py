"""Containers that run beside the steps, each with a thread that reads its output."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread

from gitops.drivers.base import DriverError, ErrorKind, Sink
from gitops.drivers.engine.line import NEVER
from gitops.drivers.engine.words import brief
from gitops.drivers.tasks.attach import attached, carry
from gitops.drivers.tasks.running import Runner


class Detached:
    """Those that were started and not removed yet."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._readers: dict[str, _Reader] = {}
        self._lock = Lock()

    def start(self, container: str, sink: Sink, ended: Callable[[int], None]) -> None:
        """Start a container; its output goes to `sink` from a thread until it ends; see
        `TaskEngine.detach`.
        """
        reader = _Reader(self._runner, container, sink, ended)
        with self._lock:
            self._readers[container] = reader
        reader.listen()
        refused = self._runner.start(container)
        if refused is not None:
            what = f"container {brief(container)} could not be started"
            raise DriverError(ErrorKind.FAILED, what, refused.error)

    def leave(self, container: str) -> None:
        """Take the end of a container, from now on, for what we do to it."""
        with self._lock:
            reader = self._readers.get(container)
        if reader is not None:
            reader.left.set()

    def ended(self, container: str) -> None:
        """Return when all output of a container that was removed is with its sink."""
        with self._lock:
            reader = self._readers.pop(container, None)
        if reader is not None:
            reader.join()


class _Reader:
    """Reads from before the start on."""

    def __init__(
        self, runner: Runner, container: str, sink: Sink, ended: Callable[[int], None]
    ) -> None:
        self.left = Event()
        self._runner = runner
        self._container = container
        self._sink = sink
        self._ended = ended
        self._ready = Event()
        self._error: DriverError | None = None
        self._thread = Thread(target=self._read, name=f"output of {container}", daemon=True)
        self.join = self._thread.join

    def listen(self) -> None:
        """Return when nothing of the output can be missed; raise what stands against that."""
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            raise self._error

    def _tell_end(self) -> None:
        if not self.left.is_set():
            code = self._runner.awaited(self._container)
            if not self.left.is_set():
                self._ended(code)

    def _read(self) -> None:
        # One whose engine went away has said all it can; whoever uses it will notice.
        with suppress(DriverError):
            try:
                with attached(self._runner.lines, self._container) as output:
                    self._ready.set()
                    carry(output, self._sink, NEVER)
                self._tell_end()
            except DriverError as error:
                self._error = error
                raise
            finally:
                self._ready.set()
