"""Reads answers of HTTP/1.1 (RFC 9112) out of the bytes of a connection."""

from __future__ import annotations

from typing import NamedTuple

END = b"\r\n\r\n"


class HttpAnswer(NamedTuple):
    """A whole answer, and whether its connection can be used for another request."""

    status: int
    body: bytes
    keeps: bool


def read_answer(data: bytes, *, ended: bool) -> HttpAnswer | None:
    """Return the answer that `data` begins with, or nothing while a part of it is missing.

    `ended` says that nothing will follow, which completes an answer without a length. Raises
    ValueError for what is no HTTP.
    """
    place = data.find(END)
    if place < 0:
        return None
    head = data[:place].lower()
    if not head.startswith(b"http/1."):
        raise ValueError(f"not HTTP: {data[:40]!r}")
    status = int(head[9:12])
    body = data[place + 4 :]
    keeps = b"\r\nconnection: close" not in head
    if b"\r\ntransfer-encoding: chunked" in head:
        return HttpAnswer(status, _joined(body), keeps) if body.endswith(b"0\r\n\r\n") else None
    at = head.find(b"\r\ncontent-length:")
    if at < 0:
        return HttpAnswer(status, body, keeps=False) if ended else None
    length = int(head[at + 17 :].split(b"\r\n", 1)[0])
    return HttpAnswer(status, body, keeps) if len(body) >= length else None


def _joined(chunks: bytes) -> bytes:
    """Return the body that was sent in chunks (RFC 9112, section 7.1)."""
    parts = []
    while chunks:
        size, _, rest = chunks.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        if length == 0:
            break
        parts.append(rest[:length])
        chunks = rest[length + 2 :]
    return b"".join(parts)
