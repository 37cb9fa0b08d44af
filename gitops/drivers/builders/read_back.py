"""Reads the tar of a context while it is written, whatever its size."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import IO, BinaryIO, NamedTuple, cast

from gitops.drivers.base import HIDDEN_DOCKERFILE, BuildContext
from gitops.drivers.builders.piped import Check, no_check, piped

_IGNORE = ".dockerignore"


class Member(NamedTuple):
    """What a tar tells of a file, folder or link, and the content of a file."""

    info: tarfile.TarInfo
    content: IO[bytes] | None


class _Pieces:
    """A stream of pieces that come one after the other."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = b""

    def read(self, size: int) -> bytes:
        """Return so many bytes, fewer at the end."""
        parts, left = [self._held], size - len(self._held)
        while left > 0 and (piece := next(self._pieces, b"")):
            parts.append(piece)
            left -= len(piece)
        found = b"".join(parts)
        self._held = found[size:]
        return found[:size]


@contextmanager
def read_back(context: BuildContext, check: Check = no_check) -> Iterator[Iterator[Member]]:
    """Give the members of a context's tar, to be read one after the other.

    What writing the context raises is raised where the members end.
    """
    with piped(context, check) as pieces:
        yield members_of(cast("BinaryIO", _Pieces(pieces)))


def members_of(stream: BinaryIO) -> Iterator[Member]:
    """Give the members of a tar, to be read one after the other."""
    with tarfile.open(fileobj=stream, mode="r|", encoding="utf-8", errors="surrogateescape") as tar:
        for member in tar:
            yield Member(member, tar.extractfile(member) if member.isreg() else None)
            tar.members = []  # type: ignore[attr-defined] # it would keep all of them


class Veiled(NamedTuple):
    """A context for the engine's own builder, which finds its Dockerfile nowhere but in the tar.

    The engine takes away what the context's `.dockerignore` names, once it has read the Dockerfile;
    the docker CLI hides one from elsewhere in the same way.
    """

    context: BuildContext

    @property
    def dockerfile(self) -> str:
        """The Dockerfile's path in the tar."""
        return self.context.dockerfile

    def write_to(self, stream: BinaryIO) -> None:
        """Write the tar, with a `.dockerignore` that names the Dockerfile, if that is hidden."""
        if self.dockerfile != HIDDEN_DOCKERFILE:
            self.context.write_to(stream)
            return
        lines = f"{_IGNORE}\n"
        with read_back(self.context) as source:
            for member, content in source:
                if member.name == _IGNORE and content is not None:
                    lines = f"{content.read().decode(errors='surrogateescape')}\n"
                else:
                    _add(stream, member, content)
        added = f"{lines}{HIDDEN_DOCKERFILE}\n".encode(errors="surrogateescape")
        info = tarfile.TarInfo(_IGNORE)
        info.size = len(added)
        _add(stream, info, BytesIO(added))
        # Not before all is there: half a context must not look like a whole one.
        stream.write(b"\0" * (2 * tarfile.BLOCKSIZE))


def _add(stream: BinaryIO, member: tarfile.TarInfo, content: IO[bytes] | None) -> None:
    stream.write(member.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
    if content is not None:
        shutil.copyfileobj(content, stream)
        stream.write(b"\0" * (-member.size % tarfile.BLOCKSIZE))
