"""An answer of an engine that goes on until somebody ends it, over a plain socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

from gitops.drivers.base import Cancel

TICK = 0.2
"""Seconds until a cancel is noticed while nothing comes."""
_PATIENCE = 10.0
"""Seconds that an engine may take to let itself be connected to."""
_PIECE = 65536
_HEAD = b"\r\n\r\n"


def open_stream(address: str, path: str, cancel: Cancel) -> Iterator[bytes]:
    """Ask for `path`, and return what gives the answer as it comes, until `cancel` is raised.

    The engine has accepted when this returns. Ends as well when the engine goes away, and at once
    when it is not there or answers with an error.
    """
    try:
        connection = connect(address)
    except OSError:
        return iter(())
    stream = _stream(connection, path, cancel)
    next(stream, None)
    return stream


def connect(address: str) -> socket.socket:
    """Return a connection to a `unix://` or plain `tcp://` address; raise OSError if none comes."""
    url = urlsplit(address)
    if url.scheme != "unix":
        where = (url.hostname or "localhost", url.port or 2375)
        connection = socket.create_connection(where, _PATIENCE)
        # A machine that is cut off says nothing: only the kernel's probes tell.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return connection
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(_PATIENCE)
        connection.connect(url.path)
    except OSError:
        connection.close()
        raise
    return connection


def _stream(connection: socket.socket, path: str, cancel: Cancel) -> Iterator[bytes]:
    """Give an empty piece once the engine has accepted, and then the body of its answer.

    HTTP/1.0, because an answer to that is not cut into chunks, and ends with the connection.
    """
    with connection, suppress(OSError):
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: engine\r\n\r\n".encode())
        connection.settimeout(TICK)
        head = b""
        for piece in _received(connection, cancel):
            head += piece
            if _HEAD in head:
                break
        status, _, begun = head.partition(_HEAD)
        if b" 200 " not in status.partition(b"\r\n")[0]:
            return
        yield b""
        yield begun
        yield from _received(connection, cancel)


def _received(connection: socket.socket, cancel: Cancel) -> Iterator[bytes]:
    while not cancel.is_set():
        try:
            piece = connection.recv(_PIECE)
        except TimeoutError:
            continue
        if not piece:
            return
        yield piece
