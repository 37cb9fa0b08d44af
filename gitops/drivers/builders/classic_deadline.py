"""Ends what the engine's own builder does for us, when it is time: by hanging up."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import docker
import requests

from gitops.drivers.base import Cancel, DriverError, ErrorKind

TICK = 0.1
"""Seconds between two looks at the cancel flag."""


class Deadline:
    """Ends a request that has run out of time, or that nobody wants any more."""

    def __init__(self, timeout: float, cancel: Cancel, what: str) -> None:
        self._end = time.monotonic() + timeout if timeout else None
        self._timeout = timeout
        self._cancel = cancel
        self._what = what
        self._sockets: list[int] = []

    def check(self) -> None:
        """Raise CANCELLED or TIMEOUT when it is time."""
        if self._cancel.is_set():
            raise DriverError(ErrorKind.CANCELLED, f"{self._what} was given up")
        if self._end is not None and time.monotonic() > self._end:
            raise DriverError(ErrorKind.TIMEOUT, f"{self._what} did not end in {self._timeout:g} s")

    @contextmanager
    def watching(self, client: docker.APIClient) -> Iterator[None]:
        """Close the connection when it is time, which makes the engine stop the build."""
        done = Event()

        def remember(response: requests.Response, **_: object) -> None:
            with suppress(OSError, AttributeError, ValueError):
                self._sockets.append(os.dup(response.raw.fileno()))

        def watch() -> None:
            while not done.wait(TICK):
                try:
                    self.check()
                except DriverError:
                    self._hang_up()

        client.hooks["response"].append(remember)
        thread = Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            for number in self._sockets:
                os.close(number)

    def guarded(self, body: Iterator[bytes]) -> Iterator[bytes]:
        """Give `body`, ended by an error when it is time."""
        for chunk in body:
            self.check()
            yield chunk

    def _hang_up(self) -> None:
        for number in self._sockets:
            with suppress(OSError), socket.socket(fileno=os.dup(number)) as connection:
                connection.shutdown(socket.SHUT_RDWR)
