"""A command in a container with somebody at the keyboard, over a plain socket.

Engine API v1.41, ContainerExec and ExecStart, and the stream format of ContainerAttach:
https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

import json
import os
import select
import socket
import termios
import time
import tty
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, TypedDict, cast
from urllib.parse import quote, urlsplit

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.http import EngineHttp, expect
from gitops.drivers.engine.stream import connect

_TICK = 0.2
"""Seconds between looks at the terminal's size."""
_PIECE = 65536
_FRAME = 8
"""Bytes before each piece of output: which stream it is of, three zeros, its length."""
_ERRORS = 2
_HEAD = b"\r\n\r\n"


class Streams(NamedTuple):
    """File descriptors; `tty` gives the command a terminal, for which the input must be one."""

    tty: bool
    input: int = 0
    output: int = 1
    errors: int = 2


class _Exec(TypedDict):
    Running: bool
    ExitCode: int | None


def attach(
    http: EngineHttp, address: str, target: tuple[str, Sequence[str]], streams: Streams
) -> int:
    """Run a command in a running container, given as (container, command), on our own streams.

    Returns its exit code. Raises MISSING or CONFLICT when the container is gone or does not run,
    INVALID for an engine that is not at `unix://` or plain `tcp://`.
    """
    container, command = target
    if urlsplit(address).scheme not in ("unix", "tcp", "http"):
        raise DriverError(
            ErrorKind.INVALID,
            f"a shell cannot be opened through {address}",
            f"use `docker -H {address} exec -it {container} {' '.join(command)}`",
        )
    what = f"`{' '.join(command)}` could not be run in container {container}"
    wanted = {
        "Cmd": list(command),
        "Tty": streams.tty,
        **dict.fromkeys(("AttachStdin", "AttachStdout", "AttachStderr"), True),
    }
    made = expect(http.call("POST", f"/containers/{quote(container)}/exec", wanted), what)
    run = cast("dict[str, str]", made.json())["Id"]
    try:
        with connect(address) as connection, _raw(streams):
            begun = _start(connection, run, streams, what)
            _Session(http, run, connection, streams).carry(begun)
    except OSError as error:
        raise DriverError(ErrorKind.UNREACHABLE, what, str(error)) from error
    return _exit_code(http, run, what)


def _start(connection: socket.socket, run: str, streams: Streams, what: str) -> bytes:
    """Make the connection that of the command; return what it has printed by then."""
    body = json.dumps({"Detach": False, "Tty": streams.tty}).encode()
    head = (
        f"POST /exec/{run}/start HTTP/1.1\r\nHost: engine\r\nContent-Type: application/json\r\n"
        f"Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    answer = b""
    while _HEAD not in answer:
        piece = connection.recv(_PIECE)
        if not piece:
            break
        answer += piece
    status, _, begun = answer.partition(_HEAD)
    if b" 101 " not in status.partition(b"\r\n")[0]:
        raise DriverError(ErrorKind.FAILED, what, begun.decode(errors="replace").strip())
    connection.settimeout(None)
    return begun


class _Session:
    """Carries bytes between our streams and the command's."""

    def __init__(
        self, http: EngineHttp, run: str, connection: socket.socket, streams: Streams
    ) -> None:
        self._http = http
        self._run = run
        self._connection = connection
        self._streams = streams
        self._size = (0, 0)
        self._frames = b""

    def carry(self, begun: bytes) -> None:
        """Carry on until the command has closed its side."""
        self._give(begun)
        sources: list[int | socket.socket] = [self._connection, self._streams.input]
        while True:
            self._resize()
            ready, _, _ = select.select(sources, [], [], _TICK)
            if self._connection in ready:
                data = self._connection.recv(_PIECE)
                if not data:
                    return
                self._give(data)
            if self._streams.input in ready and not self._take():
                sources.remove(self._streams.input)

    def _take(self) -> bool:
        """Hand on what was typed; say whether more may come."""
        typed = os.read(self._streams.input, _PIECE)
        if typed:
            self._connection.sendall(typed)
        else:
            # The command sees the end of its input, and we go on to see its output.
            self._connection.shutdown(socket.SHUT_WR)
        return bool(typed)

    def _give(self, data: bytes) -> None:
        if self._streams.tty:
            _write(self._streams.output, data)
            return
        self._frames += data
        while len(self._frames) >= _FRAME:
            end = _FRAME + int.from_bytes(self._frames[4:_FRAME], "big")
            if len(self._frames) < end:
                return
            errors = self._frames[0] == _ERRORS
            _write(self._streams.errors if errors else self._streams.output, self._frames[8:end])
            self._frames = self._frames[end:]

    def _resize(self) -> None:
        """Tell the size of our terminal, again as long as the command is too young to take it."""
        if not self._streams.tty:
            return
        size = os.get_terminal_size(self._streams.input)
        if size != self._size:
            path = f"/exec/{self._run}/resize?h={size.lines}&w={size.columns}"
            if self._http.call("POST", path).status < 300:  # noqa: PLR2004 - success in HTTP
                self._size = size


@contextmanager
def _raw(streams: Streams) -> Iterator[None]:
    """Let every key go to the command, Ctrl-C as well, and put the terminal right afterwards."""
    if not streams.tty:
        yield
        return
    before = termios.tcgetattr(streams.input)
    # What was typed ahead is for the command: the default would drop it.
    tty.setraw(streams.input, termios.TCSADRAIN)
    try:
        yield
    finally:
        termios.tcsetattr(streams.input, termios.TCSADRAIN, before)


def _write(stream: int, data: bytes) -> None:
    while data:
        data = data[os.write(stream, data) :]


def _exit_code(http: EngineHttp, run: str, what: str) -> int:
    """Return the exit code; the streams may end a moment before the command does."""
    while True:
        told = cast("_Exec", expect(http.call("GET", f"/exec/{run}/json"), what).json())
        if not told["Running"]:
            return told["ExitCode"] or 0
        time.sleep(_TICK / 10)
