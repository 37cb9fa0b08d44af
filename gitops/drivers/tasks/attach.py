"""The output of a container as it comes: frames of two streams, made into blocks of whole lines.

Engine API v1.41, ContainerAttach, "Stream format": each frame has a head of eight bytes, which are
its stream, three zeros, and its length.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gitops.drivers.base import Cancel, Sink
from gitops.drivers.engine.http import Answer, expect
from gitops.drivers.engine.line import NEVER, Line, Lines
from gitops.drivers.engine.words import brief

LONGEST = 1 << 20
"""Bytes after which a line without an end is passed on in pieces, each as a line of its own."""
_NEAR = 1 << 12
"""Bytes before that in which it is cut at a blank, rather than in the middle of a word."""
_HEAD = 8
_CONTINUES = 0b1000_0000
_TOP_TWO = 0b1100_0000
_WIDEST = 4
"""Bytes of the longest character in UTF-8."""


@contextmanager
def attached(lines: Lines, container: str) -> Iterator[Line]:
    """Give the line on which the output of a container comes, from its first byte on.

    The container must not have been started yet.
    """
    path = f"/containers/{container}/attach?stream=1&stdout=1&stderr=1"
    with lines.ask("POST", path) as line:
        status = line.accepted(NEVER)
        if status not in (101, 200):
            answer = b"".join(line.pieces(NEVER))
            _refuse(status, answer, container)
        yield line


def carry(line: Line, sink: Sink, cancel: Cancel) -> None:
    """Give all output to `sink`, to its end or until `cancel` is raised."""
    frames = Frames()
    try:
        for piece in line.pieces(cancel):
            if block := frames.feed(piece):
                sink(block.decode(errors="replace"))
    finally:
        if block := frames.end():
            sink(block.decode(errors="replace"))


class Frames:
    """Takes frames apart, however they are cut; the two streams do not break each other's lines."""

    def __init__(self) -> None:
        self._head = b""
        self._left = 0
        self._stream = 0
        self._rests: dict[int, bytes] = {}

    def feed(self, data: bytes) -> bytes:
        """Return the lines that became whole with `data`, in the order in which they did."""
        whole: list[bytes] = []
        at = 0
        while at < len(data):
            if not self._left:
                at = self._read_head(data, at)
                continue
            end = min(at + self._left, len(data))
            self._left -= end - at
            whole.append(self._lines(data[at:end]))
            at = end
        return b"".join(whole)

    def end(self) -> bytes:
        """Return what has no line end, with one."""
        rests, self._rests = self._rests, {}
        return b"".join(rest + b"\n" for rest in rests.values() if rest)

    def _read_head(self, data: bytes, at: int) -> int:
        end = min(at + _HEAD - len(self._head), len(data))
        self._head += data[at:end]
        if len(self._head) == _HEAD:
            self._stream = self._head[0]
            self._left = int.from_bytes(self._head[4:], "big")
            self._head = b""
        return end

    def _lines(self, piece: bytes) -> bytes:
        text = self._rests.get(self._stream, b"") + piece
        end = text.rfind(b"\n") + 1
        whole, rest = text[:end], text[end:]
        while len(rest) > LONGEST:
            cut = _cut(rest)
            whole += rest[:cut] + b"\n"
            rest = rest[cut:]
        self._rests[self._stream] = rest
        return whole


def _cut(text: bytes) -> int:
    blank = text.rfind(b" ", LONGEST - _NEAR, LONGEST) + 1
    return blank or _before_character(text, LONGEST)


def _before_character(text: bytes, at: int) -> int:
    """Return the last place up to `at` where a character of UTF-8 begins; `at` if none is near."""
    for cut in range(at, at - _WIDEST, -1):
        if text[cut] & _TOP_TWO != _CONTINUES:
            return cut
    return at


def _refuse(status: int, body: bytes, container: str) -> None:
    from_engine = Answer(status if status >= 300 else 500, body, "")  # noqa: PLR2004 - success in HTTP
    expect(from_engine, f"the output of container {brief(container)} could not be had")
