"""Calls to an engine behind TLS or SSH, carried by the docker SDK. Imported for those alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread

import requests
from docker.errors import DockerException
from docker.types import CancellableStream

from gitops.drivers.base import Cancel, DriverError
from gitops.drivers.engine.http import PATH_STAT, Answer, Call, Observer, unobserved
from gitops.drivers.engine.sdk_client import SdkClient
from gitops.drivers.engine.stream import TICK


class SdkHttp:
    """Satisfies `EngineHttp` over the SDK's session, one call after the other."""

    def __init__(
        self, address: str, environ: Mapping[str, str], observer: Observer = unobserved
    ) -> None:
        self._client = SdkClient(address, environ, observer)

    def call(self, method: str, path: str, body: object = None) -> Answer:
        """Make one call; see `EngineHttp`."""
        with self._client.use(f"the engine did not answer {method} {path}") as api:
            response = api.request(
                method,
                f"{api.base_url}{path}",
                data=body if isinstance(body, bytes) else None,
                json=None if isinstance(body, bytes) else body,
                timeout=api.timeout,
            )
            headers = response.headers
            date, stat = headers.get("Date", ""), headers.get(PATH_STAT, "")
            return Answer(response.status_code, response.content, date, stat)

    def calls(self, calls: Sequence[Call]) -> list[Answer]:
        """Make several calls; see `EngineHttp`."""
        return [self.call(*call) for call in calls]

    def stream(self, path: str, cancel: Cancel) -> Iterator[bytes]:
        """Give an answer that goes on for ever; see `EngineHttp`."""
        try:
            with self._client.use(f"the engine did not answer GET {path}") as api:
                url, patience = f"{api.base_url}{path}", (api.timeout, None)
                answer = api.get(url, stream=True, timeout=patience)
        except DriverError:
            return iter(())
        if not answer.ok:
            answer.close()
            return iter(())
        return _until(cancel, answer)

    def close(self) -> None:
        """Close the SDK's connections."""
        self._client.close()


def _until(cancel: Cancel, answer: requests.Response) -> Iterator[bytes]:
    """Give what a thread reads: a read behind TLS or SSH has no time limit that it survives."""
    pieces: SimpleQueue[bytes] = SimpleQueue()
    reader = Thread(target=_read, args=(answer, pieces), name="answer of the engine", daemon=True)
    reader.start()
    try:
        while not cancel.is_set():
            with suppress(Empty):
                piece = pieces.get(timeout=TICK)
                if not piece:
                    return
                yield piece
    finally:
        # Over SSH the SDK cannot do this: there the thread ends with the next piece or the process.
        with suppress(DockerException, OSError):
            CancellableStream(iter(()), answer).close()
            reader.join(TICK)


def _read(answer: requests.Response, pieces: SimpleQueue[bytes]) -> None:
    with answer, suppress(requests.exceptions.RequestException, OSError):
        for piece in answer.iter_content(chunk_size=None):
            pieces.put(piece)
    pieces.put(b"")
