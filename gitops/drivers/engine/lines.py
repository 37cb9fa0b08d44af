"""Lines out of a stream of bytes that comes in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Cut a stream into lines: a chunk may end in the middle of one, and of a character.

    Line ends are taken off; bytes that are no UTF-8 are replaced.
    """
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace").removesuffix("\r")
    if rest:
        yield rest.decode(errors="replace")
