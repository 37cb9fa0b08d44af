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
from contextlib import contextmanager, nullcontext, suppress
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from gitops.drivers.base import HIDDEN_DOCKERFILE, BuildContext
from gitops.drivers.builders.piped import Check, no_check
from gitops.drivers.builders.read_back import Member, members_of, read_back
from gitops.drivers.own_folders import own_folder
from gitops.drivers.sources.context_tree import above

MOST_BYTES = 4 << 20
MOST_FILES = 256
_NO_FOLDER = (OSError, ValueError, OverflowError)
"""A full disk; a name with a NUL in it; a date that no file can have."""
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
def context_folder(
    context: BuildContext, check: Check = no_check
) -> Iterator[ContextFolder | None]:
    """Give a folder that holds what the tar of a context would; none where that is no gain.

    Raises what writing the context raises, and what `check` does meanwhile. The folder is gone
    afterwards.
    """
    hidden = context.dockerfile == HIDDEN_DOCKERFILE
    small = _packed(context, check)
    if small is None and not hidden:
        yield None
        return
    source = read_back(context, check) if small is None else nullcontext(members_of(small))
    with own_folder("context") as top:
        # BuildKit tells contexts apart by their folders' names, and takes a file of the same size
        # and date for the one that it has already: no two builds may have the same name here.
        folder = top / top.name
        done = None
        with suppress(*_NO_FOLDER), source as members:
            folder.mkdir()
            if _unpack(members, folder, 0 if hidden else MOST_FILES):
                done = _apart(folder, context.dockerfile)
        if done is None:  # a tar needs no room
            shutil.rmtree(folder, ignore_errors=True)
        yield done


def _apart(folder: Path, dockerfile: str) -> ContextFolder | None:
    """Put the Dockerfile beside the context; one that is no part of it is taken out of it."""
    there, beside = folder / dockerfile, folder.parent / "build"
    if there.is_symlink():
        return None
    beside.mkdir()
    hidden = dockerfile == HIDDEN_DOCKERFILE
    file = beside / ("Dockerfile" if hidden else there.name)
    (shutil.move if hidden else shutil.copyfile)(there, file)
    beside.joinpath(f"{file.name}.dockerignore").write_text(_CHOSEN)
    return ContextFolder(folder, file)


def _packed(context: BuildContext, check: Check) -> BytesIO | None:
    stream = _Held(check)
    try:
        context.write_to(cast("BinaryIO", stream))
    except _TooMuchError:
        return None
    stream.held.seek(0)
    return stream.held


class _Held:
    """Keeps what is written, as long as it is little."""

    def __init__(self, check: Check) -> None:
        self.held = BytesIO()
        self._check = check

    def write(self, data: bytes) -> int:
        """Keep it."""
        self._check()
        if self.held.tell() + len(data) > MOST_BYTES:
            raise _TooMuchError
        return self.held.write(data)

    def flush(self) -> None:
        """Do nothing: it is all in memory."""


def _unpack(members: Iterator[Member], folder: Path, most: int) -> bool:
    """Write the files, `most` of them if it is not 0; say whether a builder would see the same."""
    links: set[str] = set()
    files: set[str] = set()
    folders: dict[str, tarfile.TarInfo] = {}
    for number, member in enumerate(members, 1):
        info = member.info
        again = info.name in links or info.name in files
        if (most and number > most) or not _is_readable(info) or again:
            return False
        if links.intersection(above(info.name)) or (info.islnk() and info.linkname not in files):
            return False
        _write(member, folder)
        if info.isdir():
            folders[info.name] = info
        else:
            (links if info.issym() else files).add(info.name)
    _date(folder, folders.values())
    return True


def _is_readable(member: tarfile.TarInfo) -> bool:
    """Say whether BuildKit can be told of it: its messages are UTF-8."""
    try:
        f"{member.name}{member.linkname}".encode()
    except UnicodeEncodeError:
        return False
    return member.isreg() or member.isdir() or member.issym() or member.islnk()


def _write(member: Member, folder: Path) -> None:
    info, content = member
    place = folder / info.name
    place.parent.mkdir(parents=True, exist_ok=True)
    if info.isdir():
        place.mkdir(exist_ok=True)
    elif info.issym():
        place.symlink_to(info.linkname)
        os.utime(place, (info.mtime, info.mtime), follow_symlinks=False)
    elif info.islnk():
        place.hardlink_to(folder / info.linkname)
    else:
        with place.open("xb") as stream:  # never through what is there already
            if content is not None:
                shutil.copyfileobj(content, stream)
        place.chmod(info.mode)
        os.utime(place, (info.mtime, info.mtime))


def _date(folder: Path, members: Iterable[tarfile.TarInfo]) -> None:
    """Give folders their mode, whatever our umask is, and after all else their date."""
    for place, names, _ in os.walk(folder):
        for name in names:
            if not (below := Path(place) / name).is_symlink():
                below.chmod(0o755)
    for member in members:
        os.utime(folder / member.name, (member.mtime, member.mtime))
