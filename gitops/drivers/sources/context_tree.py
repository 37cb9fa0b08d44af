"""What a build context consists of: its entries, their hash, and the tar they travel in."""

from __future__ import annotations

import hashlib
import posixpath
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.sources.ignore import NAME, Matcher
from gitops.model.globs import Globs

if TYPE_CHECKING:  # for annotations alone: a run of a task would wait for them
    from gitops.model.resources import Triggers

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


def followed(entries: Sequence[Entry], triggers: Triggers, folder: str = "") -> str:
    """Return the hash of the entries that `triggers` follow; that of all where they name none.

    Patterns (see gitops.model.globs) start where the entries' `folder` is: at the repository's top
    for git, whatever folder is the context, as in GitHub Actions; in the folder for a folder.
    Raises INVALID for a wrong pattern and when nothing at all is followed: it would never build.
    """
    paths, ignore = triggers.paths, triggers.ignore
    if not paths and not ignore:
        return tree_hash(entries)
    try:
        chosen, left_out = Globs(paths), Globs(ignore)
    except ValueError as error:
        raise DriverError(ErrorKind.INVALID, f"triggers.commit: {error}") from error
    prefix = f"{folder}/" if folder else ""
    kept = [
        entry
        for entry in entries
        if (not paths or chosen.match(prefix + entry.path))
        and not left_out.match(prefix + entry.path)
    ]
    if entries and not kept:
        raise DriverError(
            ErrorKind.INVALID,
            f"triggers.commit follows no file of the context ({len(entries)} files)",
            f"patterns start at {'the top of the repository' if folder else 'the top'}: "
            f"write for instance {prefix or 'web/'}**",
        )
    return tree_hash(kept)


def above(path: str) -> Iterator[str]:
    """Give the folders that a path lies in, the nearest first."""
    while path := path.rpartition("/")[0]:
        yield path


def _add_above(path: str, folders: set[str]) -> None:
    for folder in above(path):
        if folder in folders:  # and so are those above it
            return
        folders.add(folder)


def select(entries: Iterable[Entry], matcher: Matcher) -> list[Entry]:
    """Return what is sent: entries not ignored, and each folder of which only itself is left.

    Sorted by path as bytes.
    """
    kept: dict[str, Entry] = {}
    folders: set[str] = set()
    filled: set[str] = set()
    for entry in entries:
        if not matcher.ignored(entry.path):
            kept[entry.path] = entry
            _add_above(entry.path, filled)
        _add_above(entry.path, folders)
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


LONGEST_TEXT = 1 << 20
"""Bytes of a Dockerfile, task file or ignore file, which are read whole."""


def check_length(size: int, name: str) -> None:
    """Raise INVALID for a file that is longer than what is read whole."""
    if size > LONGEST_TEXT:
        raise DriverError(
            ErrorKind.INVALID,
            f"{name} is larger than {LONGEST_TEXT >> 20} MiB",
            "a Dockerfile, a task file and an ignore file are read whole",
        )


def instead(path: str, recipe: str) -> Mapping[str, bytes]:
    """Return what `TarStream` writes in the place of the file at `path`: nothing but a recipe."""
    return {path: recipe.encode()} if recipe else {}


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

    All lies below the folder `top`, which is not written itself.
    """

    def __init__(
        self,
        stream: BinaryIO,
        instead: Mapping[str, bytes] = MappingProxyType({}),
        top: str = "",
    ) -> None:
        self._stream = stream
        self._top = f"{top}/" if top else ""
        self._folders: set[str] = set()
        self._instead = instead
        """Contents, by path, that take the place of those that are written."""
        self._passing: bytes | None = None

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

    def same(self, path: str, target: str, date: int) -> None:
        """Write a hard link to a file that was written before."""
        self._parents(path, date)
        self._header(path, tarfile.LNKTYPE, 0o644, date, target=f"{self._top}{target}")

    def file(self, entry: Entry, size: int, date: int) -> None:
        """Begin a file; `content` has to follow until `size` bytes are written, then `pad`."""
        self._parents(entry.path, date)
        self._passing = self._instead.get(entry.path)
        size = size if self._passing is None else len(self._passing)
        self._header(entry.path, tarfile.REGTYPE, int(entry.mode[-3:], 8), date, size=size)

    def content(self, chunk: bytes) -> None:
        """Write a piece of the file that was begun."""
        if self._passing is None:
            self._stream.write(chunk)

    def pad(self, size: int) -> None:
        """Fill the last block of a file of `size` bytes."""
        if self._passing is not None:
            self._stream.write(self._passing)
            size, self._passing = len(self._passing), None
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
        info = tarfile.TarInfo(f"{self._top}{path}")
        info.type, info.mode, info.mtime = kind, mode, date
        info.size, info.linkname = size, target
        self._stream.write(info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
