"""Folders of a container as tars, streamed in and out.

Engine API v1.41, PutContainerArchive and ContainerArchive; chunks as in RFC 9112, 7.1.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import BinaryIO, cast
from urllib.parse import quote

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.http import Answer, expect, reaching
from gitops.drivers.engine.line import Lines
from gitops.drivers.engine.words import brief

_PIECE = 1 << 18
_PATIENCE = 120.0
"""Seconds in which the engine must take or give a piece: a slow disk may make it wait."""
_END = 1024
"""Zero bytes with which a tar ends (POSIX.1-2001, pax): without them it was cut off."""


def upload(lines: Lines, container: str, path: str, write: Callable[[BinaryIO], None]) -> None:
    """Unpack what `write` writes at a folder of a container; see `TaskEngine.upload`.

    When `write` raises, the engine sees that the tar is cut off, and fails; what it has unpacked by
    then stays.
    """
    what = f"files could not be put into {path} of container {brief(container)}"
    with _connected(lines, "PUT", _path(container, path)) as connection:
        connection.putheader("Content-Type", "application/x-tar")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        body = _Chunks(connection)
        try:
            write(cast("BinaryIO", body))
            body.finish()
        except OSError:
            if not body.broken:
                raise
            # The engine hung up on us, and mostly says why first.
        expect(_answer(connection, lines.address), what)


@contextmanager
def download(lines: Lines, container: str, path: str) -> Iterator[BinaryIO]:
    """Give a folder or file of a container as a tar; see `TaskEngine.download`.

    Reading raises `DriverError` when the tar breaks off.
    """
    what = f"{path} of container {brief(container)} could not be read"
    with _connected(lines, "GET", _path(container, path)) as connection:
        with reaching(lines.address):
            connection.endheaders()
            response = connection.getresponse()
        with response:
            if response.status != 200:  # noqa: PLR2004 - OK
                expect(Answer(response.status, response.read(), ""), what)
            with io.BufferedReader(_Body(response, what), _PIECE) as stream:
                yield cast("BinaryIO", stream)


@contextmanager
def _connected(lines: Lines, method: str, path: str) -> Iterator[HTTPConnection]:
    connection = HTTPConnection("engine", timeout=_PATIENCE)
    with closing(connection):
        connection.sock = lines.dial(method, path)
        connection.sock.settimeout(_PATIENCE)
        connection.putrequest(method, path)
        yield connection


def _answer(connection: HTTPConnection, address: str) -> Answer:
    with reaching(address), connection.getresponse() as response:
        return Answer(response.status, response.read(), "")


def _path(container: str, path: str) -> str:
    return f"/containers/{container}/archive?path={quote(path, safe='')}"


class _Chunks(io.RawIOBase):
    """What is written here goes to the engine in chunks."""

    def __init__(self, connection: HTTPConnection) -> None:
        super().__init__()
        self._connection = connection
        self._held = bytearray()
        self.broken = False

    def writable(self) -> bool:
        """Say that it is."""
        return True

    def write(self, data: object) -> int:
        """Take bytes; raise OSError, with `broken` set, when the engine takes no more."""
        piece = memoryview(cast("bytes", data))
        self._held += piece
        if len(self._held) >= _PIECE:
            self._send()
        return piece.nbytes

    def finish(self) -> None:
        """Send what is held, and that this was all."""
        if self._held:
            self._send()
        self._give(b"0\r\n\r\n")

    def _send(self) -> None:
        self._give(b"%x\r\n%b\r\n" % (len(self._held), bytes(self._held)))
        self._held.clear()

    def _give(self, data: bytes) -> None:
        try:
            self._connection.send(data)
        except OSError:
            self.broken = True
            raise


class _Body(io.RawIOBase):
    """The tar of an answer, that has to have its end."""

    def __init__(self, response: HTTPResponse, what: str) -> None:
        super().__init__()
        self._response = response
        self._what = what
        self._last = b""

    def readable(self) -> bool:
        """Say that it is."""
        return True

    def readinto(self, buffer: object) -> int:
        """Read a piece."""
        target = memoryview(cast("bytearray", buffer))
        try:
            piece = self._response.read1(len(target))
        except (OSError, HTTPException, ValueError) as error:
            raise self._broken(str(error) or type(error).__name__) from error
        target[: len(piece)] = piece
        self._last = (self._last + piece)[-_END:]
        # The engine ends its answer as if all were well when it cannot read a file to its end.
        if not piece and self._last != bytes(_END):
            raise self._broken("the engine ended it in the middle of a file")
        return len(piece)

    def close(self) -> None:
        """Close the answer; what is left of it is not read."""
        with suppress(OSError):
            self._response.close()
        super().close()

    def _broken(self, why: str) -> DriverError:
        return DriverError(ErrorKind.UNREACHABLE, self._what, why)
