"""A build context as a folder of its own, which BuildKit takes more readily than a tar.

A tar goes through a layer of its own and is unpacked into another one before the build begins: a
tenth of a second, whatever its size. To write many files once more would take longer than that, and
is done for one reason only: of a tar, COPY would find a Dockerfile that is no part of the context.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from gitops.drivers.base import HIDDEN_DOCKERFILE, BuildContext
from gitops.drivers.builders.read_back import read_back
from gitops.drivers.own_folders import own_folder
from gitops.drivers.sources.context_tree import above

MOST_BYTES = 4 << 20
MOST_FILES = 256
_CHOSEN = "# What is here has been chosen already.\n"


class ContextFolder(NamedTuple):
    """A context on disk. The Dockerfile lies beside it, with an ignore file of its own: BuildKit
    would leave out once more what the context's `.dockerignore` names.
    """

    folder: Path
    dockerfile: Path


class _TooMuchError(Exception):
    """The context is no small one."""


@contextmanager
def context_folder(context: BuildContext) -> Iterator[ContextFolder | None]:
    """Give a folder that holds what the tar of a context would; none where that is no gain.

    Raises what writing the context raises. The folder is gone afterwards.
    """
    hidden = context.dockerfile == HIDDEN_DOCKERFILE
    small = _packed(context)
    if small is None and not hidden:
        yield None
        return
    with own_folder("context") as top:
        folder = top / "context"
        if small is not None:
            with tarfile.open(fileobj=small, mode="r:") as tar:
                done = _unpacked(tar, folder, MOST_BYTES if hidden else MOST_FILES)
        else:
            with read_back(context) as tar:
                done = _unpacked(tar, folder, 0)
        yield _apart(folder, context.dockerfile) if done else None


def _apart(folder: Path, dockerfile: str) -> ContextFolder:
    """Put the Dockerfile beside the context; one that is no part of it is taken out of it."""
    there, beside = folder / dockerfile, folder.parent / "build"
    beside.mkdir()
    hidden = dockerfile == HIDDEN_DOCKERFILE
    file = beside / ("Dockerfile" if hidden else there.name)
    (shutil.move if hidden else shutil.copyfile)(there, file)
    beside.joinpath(f"{file.name}.dockerignore").write_text(_CHOSEN)
    return ContextFolder(folder, file)


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


def _unpacked(tar: tarfile.TarFile, folder: Path, most: int) -> bool:
    """Write the files, `most` of them if it is not 0; say whether a builder would see the same."""
    with suppress(OSError):  # a full disk, for example: a tar needs none
        folder.mkdir()
        return _unpack(tar, folder, most)
    return False


def _unpack(tar: tarfile.TarFile, folder: Path, most: int) -> bool:
    links: set[str] = set()
    folders: list[tarfile.TarInfo] = []
    for number, member in enumerate(tar, 1):
        if (most and number > most) or not _is_readable(member):
            return False
        if links.intersection(above(member.name)):
            return False
        _write(tar, member, folder)
        if member.issym():
            links.add(member.name)
        if member.isdir():
            folders.append(member)
    _date(folder, folders)
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
