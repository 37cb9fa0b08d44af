"""What a build context consists of: its entries, their hash, and the tar they travel in."""

from __future__ import annotations

import hashlib
import posixpath
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, NamedTuple

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.ignore import NAME, Matcher

FILE, PROGRAM, LINK, FOLDER, MODULE = "100644", "100755", "120000", "040000", "160000"
"""Modes as git writes them."""

CHUNK = 1 << 20


class Entry(NamedTuple):
    """A file, link or empty folder. `blob` is git's id of its content, empty for a folder."""

    path: str
    mode: str
    blob: str


def relative(path: str, what: str) -> str:
    """Return `path` without dots and double slashes, `""` for the top; INVALID if it leads out."""
    clean = posixpath.normpath(path or ".")
    if clean.startswith(("/", "..")) and clean.split("/")[0] in ("", ".."):
        raise DriverError(
            ErrorKind.INVALID,
            f"{what} {path!r} leads out of its folder",
            "write a path below it, without ..",
        )
    return "" if clean == "." else clean


def ignore_files(dockerfile: str) -> tuple[str, str]:
    """Return the ignore files of a Dockerfile in the order in which they are looked for."""
    return f"{dockerfile}{NAME}", NAME


def above(path: str) -> Iterator[str]:
    """Give the folders that a path lies in, the nearest first."""
    while path := posixpath.dirname(path):
        yield path


def select(entries: Iterable[Entry], matcher: Matcher) -> list[Entry]:
    """Return what is sent: entries not ignored, and each folder of which only itself is left.

    Sorted by path as bytes.
    """
    kept: dict[str, Entry] = {}
    folders: set[str] = set()
    for entry in entries:
        if not matcher.ignored(entry.path):
            kept[entry.path] = entry
        folders.update(above(entry.path))
    filled = {folder for path in kept for folder in above(path)}
    bare = {folder for folder in folders - filled if not matcher.ignored(folder)}
    inner = {folder for path in bare for folder in above(path)}
    kept |= {folder: Entry(folder, FOLDER, "") for folder in bare - inner}
    return sorted(kept.values(), key=lambda entry: entry.path.encode(errors="surrogateescape"))


def tree_hash(entries: Sequence[Entry]) -> str:
    """Return 64 hex digits over the mode, path and blob of sorted entries."""
    digest = hashlib.sha256()
    for path, mode, blob in entries:
        digest.update(f"{mode} {path}\0{blob}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


class BlobHash:
    """Git's id of content that comes in pieces: SHA-1 over `blob <size>`, NUL and the bytes."""

    def __init__(self, size: int) -> None:
        self._digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        self.update = self._digest.update
        self.hexdigest = self._digest.hexdigest


def blob_of(content: bytes) -> str:
    """Return git's id of a content."""
    digest = BlobHash(len(content))
    digest.update(content)
    return digest.hexdigest()


class TarStream:
    """Writes a tar with nothing in it but path, type, permission bits and time: owner is 0:0.

    `tarfile.TarFile` is not used, because it ends the archive when an error passes through it, and
    half a context must not look like a whole one.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._folders: set[str] = set()

    def folder(self, path: str, date: int) -> None:
        """Write a folder and those above it, once each."""
        for name in (*reversed(list(above(path))), path):
            if name not in self._folders:
                self._folders.add(name)
                self._header(name, tarfile.DIRTYPE, 0o755, date)

    def link(self, path: str, target: str, date: int) -> None:
        """Write a symbolic link."""
        self._parents(path, date)
        self._header(path, tarfile.SYMTYPE, 0o777, date, target=target)

    def file(self, entry: Entry, size: int, date: int) -> None:
        """Begin a file; `content` has to follow until `size` bytes are written, then `pad`."""
        self._parents(entry.path, date)
        self._header(entry.path, tarfile.REGTYPE, int(entry.mode[-3:], 8), date, size=size)

    def content(self, chunk: bytes) -> None:
        """Write a piece of the file that was begun."""
        self._stream.write(chunk)

    def pad(self, size: int) -> None:
        """Fill the last block of a file of `size` bytes."""
        self._stream.write(b"\0" * (-size % tarfile.BLOCKSIZE))

    def end(self) -> None:
        """Write the two empty blocks that say that all is there."""
        self._stream.write(b"\0" * (2 * tarfile.BLOCKSIZE))

    def _parents(self, path: str, date: int) -> None:
        if parent := posixpath.dirname(path):
            self.folder(parent, date)

    def _header(
        self, path: str, kind: bytes, mode: int, date: int, *, size: int = 0, target: str = ""
    ) -> None:
        info = tarfile.TarInfo(path)
        info.type, info.mode, info.mtime = kind, mode, date
        info.size, info.linkname = size, target
        self._stream.write(info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
