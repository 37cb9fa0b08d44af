"""The files of a tar archive: of a file, a download, or standard input; gzip, bzip2 or xz."""

from __future__ import annotations

import bz2
import gzip
import lzma
import posixpath
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import IO, NamedTuple

from gitops.drivers.base import Cancel, DriverError, ErrorKind
from gitops.drivers.contexts.files import LARGEST, Facts, Given, RunFiles, too_large
from gitops.drivers.contexts.heeded import heeded
from gitops.drivers.sources.context_tree import (
    CHUNK,
    FILE,
    FOLDER,
    LINK,
    PROGRAM,
    Entry,
    TarStream,
    above,
    relative,
    select,
)
from gitops.drivers.sources.ignore import Matcher

LARGEST_ARCHIVE = 16 << 30
"""Bytes that an archive may come to unpacked: a few kilobytes can be made to hold far more."""

_RUNNABLE = 0o100
_BROKEN = (tarfile.TarError, EOFError, lzma.LZMAError, gzip.BadGzipFile, UnicodeError)


class ArchiveFiles(NamedTuple):
    """The members of a tar by their clean paths; links to files are the files that they name."""

    tar: tarfile.TarFile
    members: Mapping[str, tarfile.TarInfo]
    location: str
    lock: Lock
    """Held while a piece is read: the archive has one place at which it is read."""

    def content(self, path: str) -> bytes | None:
        """Return a file; see `Files`."""
        for place in (path, *above(path)):
            if place in self.members and self.members[place].issym():
                raise DriverError(
                    ErrorKind.INVALID,
                    f"{path!r} goes through the symbolic link {place!r} in {self.location}",
                    "name the file itself",
                )
        member = self._file(path)
        if member is None:
            return None
        if member.size > LARGEST:
            raise too_large(path)
        return b"".join(self._chunks(member))

    def write(self, below: str, matcher: Matcher, tar: TarStream) -> None:
        """Write a folder of the archive; see `Files`."""
        prefix = f"{below}/" if below else ""
        inside = [path for path in self.members if path.startswith(prefix)]
        if below and not inside and below not in self.members:
            raise DriverError(ErrorKind.MISSING, f"there is no folder {below!r} in {self.location}")
        entries = [
            Entry(path.removeprefix(prefix), self._mode(path), "")
            for path in inside
            if not matcher.ignored(path.removeprefix(prefix))
        ]
        for entry in select(entries, matcher):
            self._send(entry, prefix, tar)

    def _send(self, entry: Entry, prefix: str, tar: TarStream) -> None:
        path = prefix + entry.path
        date = int(self.members[path].mtime) if path in self.members else 0
        member = self._file(path)
        if entry.mode == FOLDER:
            tar.folder(entry.path, date)
        elif entry.mode == LINK:
            tar.link(entry.path, self.members[path].linkname, date)
        elif member is not None:
            tar.file(entry, member.size, date)
            for chunk in self._chunks(member):
                tar.content(chunk)
            tar.pad(member.size)

    def _mode(self, path: str) -> str:
        member = self.members[path]
        if member.isdir():
            return FOLDER
        if member.issym():
            return LINK
        found = self._file(path)
        if found is None:
            raise DriverError(
                ErrorKind.INVALID,
                f"{path!r} in {self.location} is a device, a pipe, or a link to nothing",
                "remove it, or name it in .dockerignore",
            )
        return PROGRAM if found.mode & _RUNNABLE else FILE

    def _file(self, path: str) -> tarfile.TarInfo | None:
        """Return a regular file; a hard link has its content from another member of the archive."""
        seen: set[str] = set()
        while (member := self.members.get(path)) is not None and member.islnk():
            if path in seen:
                return None
            seen.add(path)
            path = relative(member.linkname, "a hard link")
        return member if member is not None and member.isfile() else None

    def _chunks(self, member: tarfile.TarInfo) -> Iterator[bytes]:
        stream = self.tar.extractfile(member)
        left = member.size
        while stream is not None and left and (chunk := self._piece(stream, min(left, CHUNK))):
            left -= len(chunk)
            yield chunk
        if left:
            raise DriverError(ErrorKind.INVALID, f"{self.location} ends within {member.name!r}")

    def _piece(self, stream: IO[bytes], size: int) -> bytes:
        with self.lock:
            return stream.read(size)


@contextmanager
def archive_files(
    stream: IO[bytes], location: str, cancel: Cancel | None = None
) -> Iterator[RunFiles]:
    """Give the files of an archive; a text instead of one is a Dockerfile without any files.

    `stream` is read to its end, into a file that nobody else sees. Raises INVALID for what is
    neither, or leads out of its folder, and for more than LARGEST_ARCHIVE bytes; CANCELLED when
    `cancel` is raised while it is read.
    """
    with TemporaryFile(prefix="gitops-context-") as packed, TemporaryFile() as unpacked:
        heeded(partial(_copied, stream, packed, location), cancel, location)
        plain = _unpacked(packed, unpacked, location)
        given = _dockerfile(plain)
        if given is not None:
            yield RunFiles(NoFiles(location), Facts(location), given=given)
            return
        plain.seek(0)
        try:
            with tarfile.open(fileobj=plain, mode="r:") as tar:
                members = _members(tar, location)
                yield RunFiles(ArchiveFiles(tar, members, location, Lock()), Facts(location))
        except tarfile.TarError as error:
            raise _damaged(location, error) from error


@contextmanager
def archive_of_file(path: Path) -> Iterator[RunFiles]:
    """Give the files of an archive on this machine."""
    try:
        stream = path.open("rb")
    except OSError as error:
        raise DriverError(ErrorKind.DENIED, f"cannot read {path}", str(error)) from error
    with stream, archive_files(stream, str(path)) as files:
        yield files


class NoFiles(NamedTuple):
    """Not a single file: a Dockerfile alone."""

    location: str

    def content(self, _path: str) -> bytes | None:
        """Return none; see `Files`."""
        return None

    def write(self, below: str, _matcher: Matcher, _tar: TarStream) -> None:
        """Write nothing; see `Files`."""
        if below:
            raise DriverError(ErrorKind.MISSING, f"there is no folder {below!r} in {self.location}")


def _copied(source: IO[bytes], target: IO[bytes], location: str) -> None:
    left = LARGEST_ARCHIVE
    while chunk := source.read(CHUNK):
        left -= len(chunk)
        if left < 0:
            raise DriverError(
                ErrorKind.INVALID,
                f"{location} holds more than {LARGEST_ARCHIVE >> 30} GiB",
                "give a folder or a git repository, which are read where they are",
            )
        try:
            target.write(chunk)
        except OSError as error:
            raise DriverError(
                ErrorKind.DISK_FULL, f"{location} has no room in the folder of TMPDIR", str(error)
            ) from error


def _unpacked(packed: IO[bytes], unpacked: IO[bytes], location: str) -> IO[bytes]:
    """Return the archive without its compression, which its first bytes tell."""
    packed.seek(0)
    first = packed.read(6)
    packed.seek(0)
    reader = _reader(packed, first)
    if reader is None:
        return packed
    try:
        with reader:
            _copied(reader, unpacked, location)
    except (*_BROKEN, OSError) as error:
        raise _damaged(location, error) from error
    return unpacked


def _reader(packed: IO[bytes], first: bytes) -> IO[bytes] | None:
    if first.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=packed, mode="rb")  # type: ignore[return-value] # reads alike
    if first.startswith(b"BZh"):
        return bz2.BZ2File(packed)
    return lzma.LZMAFile(packed) if first.startswith(b"\xfd7zXZ\0") else None


def _dockerfile(plain: IO[bytes]) -> Given | None:
    """Return the text where it is one: a tar has NUL bytes, in its end at the latest."""
    plain.seek(0)
    text = plain.read(LARGEST)
    return Given(text) if text.strip() and b"\0" not in text and not plain.read(1) else None


def _members(tar: tarfile.TarFile, location: str) -> dict[str, tarfile.TarInfo]:
    found: dict[str, tarfile.TarInfo] = {}
    try:
        for member in tar:
            path = relative(member.name, f"in {location} the path")
            if path:
                found[path] = member  # as in tar, the later one of two counts
    except _BROKEN as error:
        raise _damaged(location, error) from error
    for path in found:
        for folder in above(path):
            if folder in found and not found[folder].isdir():
                raise DriverError(
                    ErrorKind.INVALID,
                    f"{path!r} in {location} lies behind {folder!r}, which is no folder",
                    "make the archive anew",
                )
    return found


def _damaged(location: str, error: Exception) -> DriverError:
    return DriverError(
        ErrorKind.INVALID,
        f"{posixpath.basename(location) or location} is neither a whole tar archive nor a text",
        str(error),
    )
