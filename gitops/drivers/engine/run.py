"""Runs a container of a Docker engine once, to its end, and takes it away."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

from gitops.drivers.base import Cancel, DriverError, ErrorKind, Output
from gitops.drivers.engine.containers import remove, start, stop
from gitops.drivers.engine.logs import ALL, follow
from gitops.drivers.engine.sdk_client import SdkClient
from gitops.drivers.engine.state import KILLED, look

GRACE = 5.0
"""Seconds that one which is called off has after its stop signal: it may have to undo things."""
_LOOK = 0.05
"""Seconds between looks at whether it has ended or is called off."""


def run_to_end(client: SdkClient, name: str, desk: tuple[Output, Cancel], timeout: float) -> int:
    """Start a container that was created, give its lines to the output, and return its exit code.

    The container is removed in any case. Raises CANCELLED, or TIMEOUT after `timeout` seconds.
    """
    output, cancel = desk
    try:
        start(client, name)
        reading = _Reading(client, name, output)
        why = _wait(reading.is_alive, cancel, timeout)
        if why is not None:
            stop(client, name, GRACE)
        reading.end()
        if why is ErrorKind.CANCELLED:
            raise DriverError(why, f"container {name} was given up")
        if why is ErrorKind.TIMEOUT:
            raise DriverError(why, f"container {name} did not end in {timeout:g} s")
        return _exit_code(client, name, output)
    finally:
        # When the engine is gone, the error that told so is the one to be seen.
        with suppress(DriverError):
            remove(client, name)


class _Reading:
    """Reads a container's lines in a thread of its own: a read cannot be called off."""

    def __init__(self, client: SdkClient, name: str, output: Output) -> None:
        self._client = client
        self._name = name
        self._output = output
        self._error: DriverError | None = None
        self._thread = Thread(target=self._read, name=f"log of {name}", daemon=True)
        self.is_alive = self._thread.is_alive
        self._thread.start()

    def end(self) -> None:
        """Wait until all is read; raise what went wrong with it."""
        self._thread.join(GRACE)
        if self._error is not None:
            raise self._error

    def _read(self) -> None:
        try:
            for line in follow(self._client, self._name, ALL):
                self._output(line)
        except DriverError as error:
            self._error = error


def _wait(alive: Callable[[], bool], cancel: Cancel, timeout: float) -> ErrorKind | None:
    """Wait for the end of the log, which is that of the container; return what came before it."""
    deadline = time.monotonic() + timeout
    while alive():
        if cancel.wait(_LOOK):
            return ErrorKind.CANCELLED
        if time.monotonic() > deadline:
            return ErrorKind.TIMEOUT
    return None


def _exit_code(client: SdkClient, name: str, output: Output) -> int:
    with client.use(f"the end of container {name} could not be awaited") as api:
        # The log may end a moment before the engine has written the state down.
        code = int(api.wait(name)["StatusCode"])
    state = look(client, name)
    if state.oom_killed:
        output("the engine ended a process: the container's memory limit was reached")
    elif code == KILLED and state.memory:
        # The engine misses some of the kernel's kills.
        output("it was killed (exit code 137): its memory limit may have been reached")
    return code
