"""A Unix socket in front of the engine's that counts the calls made through it, and can be cut."""

from __future__ import annotations

import contextlib
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import BinaryIO, NamedTuple

READS = ("GET", "HEAD")


class Call(NamedTuple):
    """One request to the engine; the path has no API version."""

    method: str
    path: str
    query: str = ""


class EngineProxy:
    """Passes bytes on in both directions, and notes every request.

    `DOCKER_HOST` is set to `address`. `cut` is an engine that is stopped: the socket is gone and
    open connections break; `restore` starts it again.
    """

    def __init__(self, folder: Path, engine: str) -> None:
        self.path = folder / "engine.sock"
        self.address = f"unix://{self.path}"
        self.calls: list[Call] = []
        self.on_call: Callable[[Call], None] = lambda _call: None
        self._engine = engine
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.restore()

    @property
    def writes(self) -> list[Call]:
        """The calls that are no reads."""
        return [call for call in self.calls if call.method not in READS]

    def count(self, method: str, pattern: str) -> int:
        """Return how many calls have this method and a path that matches the whole pattern."""
        return sum(
            call.method == method and re.fullmatch(pattern, call.path) is not None
            for call in self.calls
        )

    @property
    def builds(self) -> int:
        """How many builds were asked for.

        The docker CLI makes a call of its own to send a context that it has on standard input.
        """
        calls = [call for call in self.calls if (call.method, call.path) == ("POST", "/build")]
        return sum("remote=upload-request" not in call.query for call in calls)

    def forget(self) -> None:
        """Count from here."""
        self.calls.clear()

    def restore(self) -> None:
        """Listen."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(self.path))
        listener.listen(64)
        self._listener = listener
        Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        """Stop listening and break every connection."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
            self.path.unlink()
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        engine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            engine.connect(self._engine.removeprefix("unix://"))
        except OSError:
            client.close()
            return
        pair = (client, engine)
        self._open.update(pair)
        back = Thread(target=_relay, args=(engine, client), daemon=True)
        back.start()
        with contextlib.suppress(OSError), client.makefile("rb") as stream:
            self._requests(stream, engine)
        with contextlib.suppress(OSError):
            engine.shutdown(socket.SHUT_WR)
        back.join()
        self._open.difference_update(pair)
        for one in pair:
            one.close()

    def _requests(self, stream: BinaryIO, engine: socket.socket) -> None:
        while head := _head(stream):
            text = b"".join(head).decode("latin-1")
            method, path, _ = text.split(" ", 2)
            path, _, query = path.partition("?")
            call = Call(method, re.sub(r"^/v\d+\.\d+", "", path), query)
            self.calls.append(call)
            self.on_call(call)
            engine.sendall(b"".join(head))
            fields = dict(re.findall(r"(?im)^([a-z-]+):[ \t]*(.*?)\r?$", text.lower()))
            if "upgrade" in fields:
                _pump(stream, engine)
            elif fields.get("transfer-encoding") == "chunked":
                _chunks(stream, engine)
            else:
                _exactly(stream, engine, int(fields.get("content-length", 0)))


def engine_address() -> str:
    """Return the address of the shared engine."""
    return os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


def _head(stream: BinaryIO) -> list[bytes]:
    lines: list[bytes] = []
    while line := stream.readline():
        lines.append(line)
        if line == b"\r\n":
            return lines
    return []


def _chunks(stream: BinaryIO, engine: socket.socket) -> None:
    while True:
        size = stream.readline()
        engine.sendall(size)
        length = int(size.split(b";")[0], 16)
        _exactly(stream, engine, length + 2)
        if length == 0:
            return


def _exactly(stream: BinaryIO, engine: socket.socket, length: int) -> None:
    while length > 0:
        data = stream.read1(min(length, 65536))  # type: ignore[attr-defined]
        if not data:
            return
        engine.sendall(data)
        length -= len(data)


def _pump(stream: BinaryIO, engine: socket.socket) -> None:
    while data := stream.read1(65536):  # type: ignore[attr-defined]
        engine.sendall(data)


def _relay(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
