"""Ends what the engine's own builder does for us, when it is time: by hanging up."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import docker
import requests

from gitops.drivers.base import Cancel, DriverError
from gitops.drivers.builders.time_limit import TimeLimit

TICK = 0.1
"""Seconds between two looks at the cancel flag."""


class Deadline(TimeLimit):
    """Ends a request that has run out of time, or that nobody wants any more."""

    def __init__(self, timeout: float, cancel: Cancel, what: str) -> None:
        super().__init__(timeout, cancel, what)
        self._sockets: list[int] = []

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

    def _hang_up(self) -> None:
        for number in self._sockets:
            with suppress(OSError), socket.socket(fileno=os.dup(number)) as connection:
                connection.shutdown(socket.SHUT_RDWR)
