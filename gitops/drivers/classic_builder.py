"""Builds with the engine's own builder, through the docker SDK. Imported where BuildKit is not."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import IO, Any, NamedTuple, cast

import docker
import docker.errors
import requests
import urllib3.exceptions
from docker.utils import kwargs_from_env

from gitops.drivers.base import BuildContext, BuildJob, Cancel, DriverError, ErrorKind, Output
from gitops.drivers.build_errors import build_error
from gitops.drivers.docker_config import Endpoint, docker_config

CHUNK = 1 << 16
TICK = 0.1


_BROKEN = (
    docker.errors.DockerException,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
)


class ClassicBuilder(NamedTuple):
    """The Engine API's `POST /build`; `warning` says what BuildKit would give on top."""

    name: str
    endpoint: Endpoint
    redact: Callable[[str], str]
    warning: str

    def build(self, job: BuildJob, context: BuildContext, output: Output, cancel: Cancel) -> None:
        """Build and tag `job.image`; see `Builder`. The context is streamed as the body."""
        image = str(job.image)
        lines: list[str] = []
        deadline = _Deadline(job.timeout, cancel, f"the build of {image}")
        try:
            with self._client(job) as client, deadline.watching(client), _piped(context) as body:
                for message in _messages(client, job, context.dockerfile, deadline.guarded(body)):
                    self._take(message, image, lines, output)
        except docker.errors.APIError as error:
            deadline.check()
            raise build_error(image, lines, self.redact(str(error.explanation or error))) from error
        except _BROKEN as error:
            deadline.check()
            raise DriverError(
                ErrorKind.UNREACHABLE, f"the build of {image} lost the engine", str(error)
            ) from error
        deadline.check()

    @contextmanager
    def _client(self, job: BuildJob) -> Iterator[docker.APIClient]:
        environ = {**self.endpoint.environ}
        if self.endpoint.address:
            environ["DOCKER_HOST"] = self.endpoint.address
        with docker_config(self.endpoint, helpers=False) as folder:
            options = kwargs_from_env(environ)
            client = docker.APIClient(**options, timeout=max(1, int(job.timeout) + 60))
            try:
                client.reload_config(str(folder / "config.json"))
                yield client
            finally:
                client.close()

    def _take(
        self, message: Mapping[str, object], image: str, lines: list[str], output: Output
    ) -> None:
        if "error" in message:
            raise build_error(image, lines, self.redact(str(message["error"]).strip()))
        text = str(message.get("stream") or message.get("status") or "")
        if message.get("progressDetail"):
            return  # a pull's bar, many times a second
        for line in self.redact(text).splitlines():
            if line.strip():
                lines.append(line)
                output(line)


class _Deadline:
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


def _messages(
    client: docker.APIClient, job: BuildJob, dockerfile: str, body: Iterator[bytes]
) -> Iterator[Mapping[str, Any]]:
    return client.build(
        fileobj=cast("IO[bytes]", body),  # the SDK hands it on to requests, which takes pieces
        custom_context=True,
        decode=True,
        rm=True,
        forcerm=True,
        dockerfile=dockerfile,
        tag=str(job.image),
        buildargs=dict(job.args),
        labels=dict(job.labels),
        target=job.target or None,
    )


@contextmanager
def _piped(context: BuildContext) -> Iterator[Iterator[bytes]]:
    """Turn a context that writes into pieces to be read; its error comes after the last one."""
    read, write = os.pipe()
    failures: list[DriverError | OSError] = []

    def fill() -> None:
        with os.fdopen(write, "wb") as stream:
            try:
                context.write_to(stream)
                stream.flush()
            except BrokenPipeError:
                pass  # the engine has refused the build, and says why
            except (DriverError, OSError) as error:
                failures.append(error)

    def pieces() -> Iterator[bytes]:
        while chunk := os.read(read, CHUNK):
            yield chunk
        if failures:
            # Without the end of the body the engine does not build from a part of it.
            raise failures[0]

    thread = Thread(target=fill, daemon=True)
    thread.start()
    try:
        yield pieces()
    finally:
        os.close(read)
        thread.join()
