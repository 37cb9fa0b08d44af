"""The client's side of a WebSocket (RFC 6455): small frames, none in parts."""

from __future__ import annotations

import base64
import hashlib
import secrets
import socket

TEXT, CLOSE = 1, 8
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class WebSocketError(Exception):
    """The other side refused, closed, or did not keep to the protocol."""


class WebSocketStream:
    """A WebSocket over a connection that is open; raises when it is refused."""

    def __init__(self, connection: socket.socket, host: str, path: str) -> None:
        self._connection = connection
        self._data = b""
        key = base64.b64encode(secrets.token_bytes(16))
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key.decode()}\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._data:
            self._receive()
        head, _, self._data = self._data.partition(b"\r\n\r\n")
        accept = base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest())
        if not head.startswith(b"HTTP/1.1 101") or accept not in head:
            raise WebSocketError(f"refused: {head[:200]!r} {self._data[:80]!r}")

    def send(self, kind: int, data: bytes) -> None:
        """Send a frame, masked as a client's have to be."""
        mask = secrets.token_bytes(4)
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
        self._connection.sendall(bytes([0x80 | kind, 0x80 | len(data)]) + mask + masked)

    def receive(self, kind: int) -> str:
        """Return the text of the next frame, which has to be of a kind; empty for a close."""
        while len(self._data) < 2 or len(self._data) < 2 + self._data[1]:
            self._receive()
        found, size = self._data[0] & 0x0F, self._data[1]
        data, self._data = self._data[2 : 2 + size], self._data[2 + size :]
        if found == CLOSE and kind != CLOSE:
            raise WebSocketError(f"the server closed it with {int.from_bytes(data[:2])}")
        if found != kind or size > 125:
            raise WebSocketError(f"a frame of kind {found} with {size} bytes came, not {kind}")
        return "" if kind == CLOSE else data.decode()

    def _receive(self) -> None:
        part = self._connection.recv(4096)
        if not part:
            raise WebSocketError("the connection ended without a close")
        self._data += part
