"""A small build context as a folder of its own, which BuildKit takes more readily than a tar.

A tar goes through a layer of its own and is unpacked into another one before the build begins: a
tenth of a second, whatever its size. To write many files once more would take longer than that.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

from gitops.drivers.base import BuildContext
from gitops.drivers.own_folders import own_folder
from gitops.drivers.sources.context_tree import above

MOST_BYTES = 4 << 20
MOST_FILES = 256
_PREFIX = "gitops-context-"


class _TooMuchError(Exception):
    """The context is no small one."""


@contextmanager
def small_context(context: BuildContext) -> Iterator[Path | None]:
    """Give a folder that holds what the tar of a context would; none where that is no gain.

    Raises what writing the context raises. The folder is gone afterwards.
    """
    tar = _packed(context)
    if tar is None:
        yield None
        return
    with own_folder("context") as folder:
        yield folder if _unpacked(tar, folder) else None


def _packed(context: BuildContext) -> BytesIO | None:
    stream = _Held()
    try:
        context.write_to(cast("BinaryIO", stream))
    except _TooMuchError:
        return None
    stream.held.seek(0)
    return stream.held


class _Held:
    """Keeps what is written, as long as it is little."""

    def __init__(self) -> None:
        self.held = BytesIO()

    def write(self, data: bytes) -> int:
        """Keep it."""
        if self.held.tell() + len(data) > MOST_BYTES:
            raise _TooMuchError
        return self.held.write(data)

    def flush(self) -> None:
        """Do nothing: it is all in memory."""


def _unpacked(stream: BinaryIO, folder: Path) -> bool:
    with suppress(OSError):  # a full disk, for example: a tar needs none
        return _unpack(stream, folder)
    return False


def _unpack(stream: BinaryIO, folder: Path) -> bool:
    """Write the files; say whether a builder sees the same in them as in the tar."""
    with tarfile.open(fileobj=stream, mode="r:") as tar:
        members = tar.getmembers()
        if len(members) > MOST_FILES or not all(map(_is_readable, members)):
            return False
        links = {member.name for member in members if member.issym()}
        if any(links.intersection(above(member.name)) for member in members):
            return False
        for member in members:
            _write(tar, member, folder)
    _date(folder, (member for member in members if member.isdir()))
    return True


def _is_readable(member: tarfile.TarInfo) -> bool:
    """Say whether BuildKit can be told of it: its messages are UTF-8."""
    try:
        f"{member.name}{member.linkname}".encode()
    except UnicodeEncodeError:
        return False
    return member.isreg() or member.isdir() or member.issym() or member.islnk()


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    place = folder / member.name
    place.parent.mkdir(parents=True, exist_ok=True)
    if member.isdir():
        place.mkdir(exist_ok=True)
    elif member.issym():
        place.symlink_to(member.linkname)
        os.utime(place, (member.mtime, member.mtime), follow_symlinks=False)
    elif member.islnk():
        place.hardlink_to(folder / member.linkname)
    else:
        source = tar.extractfile(member)
        place.write_bytes(source.read() if source else b"")
        place.chmod(member.mode)
        os.utime(place, (member.mtime, member.mtime))


def _date(folder: Path, members: Iterable[tarfile.TarInfo]) -> None:
    """Give folders their mode, whatever our umask is, and after all else their date."""
    for place, names, _ in os.walk(folder):
        for name in names:
            if not (below := Path(place) / name).is_symlink():
                below.chmod(0o755)
    for member in members:
        os.utime(folder / member.name, (member.mtime, member.mtime))
