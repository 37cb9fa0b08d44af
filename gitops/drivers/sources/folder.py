"""Reads folders of this machine as build sources."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from gitops.drivers.base import HIDDEN_DOCKERFILE, DriverError, ErrorKind
from gitops.drivers.sources.context_tree import (
    CHUNK,
    FILE,
    FOLDER,
    LINK,
    LONGEST_TEXT,
    PROGRAM,
    BlobHash,
    Entry,
    TarStream,
    blob_of,
    check_length,
    followed,
    ignore_files,
    instead,
    relative,
    select,
    tree_hash,
)
from gitops.drivers.sources.ignore import Matcher, parse_ignore
from gitops.model.sources import Source

if TYPE_CHECKING:  # for annotations alone: a run of a task would wait for them
    from gitops.model.resources import Triggers

_SAFE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FolderContext(NamedTuple):
    """A folder, and the hashes that it had when it was read."""

    root: Path
    file: str
    """The Dockerfile's path in the folder."""
    dockerfile: str
    """Its path in the tar; see `BuildContext`."""
    source: Source
    recipe: str = ""
    """What takes the place of the Dockerfile's text, if it is not empty."""

    def write_to(self, stream: BinaryIO) -> None:
        """Write the tar; CONFLICT, with the tar left unfinished, when the folder has changed."""
        name = self.dockerfile
        tar = TarStream(stream, instead(name, self.recipe))
        with explained(self.root):
            matcher = _matcher(self.root, self.file)
            chosen = select(walk(self.root, matcher), matcher)
            written = {entry.path: send(self.root, entry, tar) for entry in chosen}
            tree = tree_hash(list(written.values()))
            # An ignored Dockerfile travels all the same, for the builder alone.
            blob = self._dockerfile(written, tar, name) if name else ""
        if (tree, blob) != (self.source.tree, self.source.dockerfile):
            raise _changed(self.root)
        tar.end()

    def _dockerfile(self, written: Mapping[str, Entry], tar: TarStream, name: str) -> str:
        found = written.get(self.file) or send(self.root, Entry(self.file, FILE, ""), tar, name)
        return found.blob


def read_folder(
    path: str,
    dockerfile: str,
    triggers: Triggers | None = None,
) -> Source:
    """Return what a folder holds now; without the name of a Dockerfile none is looked for.

    Raises `DriverError`: MISSING without the folder or its Dockerfile, INVALID for what cannot be
    sent, CONFLICT when files come and go meanwhile, DENIED when one may not be read.
    """
    root, name = _checked(path, dockerfile)
    with explained(root):
        matcher = _matcher(root, name)
        entries = [_hashed(root, entry) for entry in select(walk(root, matcher), matcher)]
        text = _text(root / name) if name else b""
    return Source(
        tree=tree_hash(entries),
        dockerfile=blob_of(text) if name else "",
        location=str(root),
        followed=followed(entries, triggers) if triggers else tree_hash(entries),
        recipe=text.decode(errors="replace"),
    )


@contextmanager
def folder_context(
    path: str, dockerfile: str, source: Source, recipe: str = ""
) -> Iterator[FolderContext]:
    """Give the folder for sending; whether it is still `source` is seen while it is sent."""
    root, name = _checked(path, dockerfile)
    with explained(root):
        ignored = bool(name) and _matcher(root, name).ignored(name)
    yield FolderContext(root, name, HIDDEN_DOCKERFILE if ignored else name, source, recipe)


def _checked(path: str, dockerfile: str) -> tuple[Path, str]:
    root = Path(path)
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        raise DriverError(ErrorKind.MISSING, f"the folder {root} {what}")
    name = relative(dockerfile, "the Dockerfile")
    if not name:
        return root, ""
    place = root
    for part in Path(name).parts:
        place = place / part
        if place.is_symlink():
            raise DriverError(
                ErrorKind.INVALID,
                f"the Dockerfile {dockerfile!r} goes through the symbolic link {place}",
                "name the file itself, inside the folder",
            )
    if not place.is_file():
        names = ", ".join(sorted(p.name for p in root.iterdir())[:10]) or "nothing"
        raise DriverError(
            ErrorKind.MISSING, f"there is no file {name!r} in {root}", f"it holds {names}"
        )
    return root, name


def _matcher(root: Path, dockerfile: str) -> Matcher:
    for name in ignore_files(dockerfile):
        file = root / name
        if file.is_file() and not file.is_symlink():
            return Matcher(parse_ignore(_text(file).decode(errors="replace")))
    return Matcher()


def _text(place: Path) -> bytes:
    with _opened(place) as stream:
        text = stream.read(LONGEST_TEXT + 1)
    check_length(len(text), str(place))
    return text


def walk(root: Path, matcher: Matcher, below: str = "") -> Iterator[Entry]:
    """Give every file, link and empty folder, without their hashes."""
    with os.scandir(root / below) as found:
        items = list(found)
    if not items and below:
        yield Entry(below, FOLDER, "")
    for item in items:
        path = f"{below}/{item.name}" if below else item.name
        if item.is_dir(follow_symlinks=False):
            if matcher.closed(path):
                continue
            yield from walk(root, matcher, path)
        else:
            yield from _single(item, path)


def _single(item: os.DirEntry[str], path: str) -> Iterator[Entry]:
    """Give a file or link; sockets, pipes and devices are left out, as docker does."""
    mode = item.stat(follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        yield Entry(path, LINK, "")
    elif stat.S_ISREG(mode):
        yield Entry(path, PROGRAM if mode & stat.S_IXUSR else FILE, "")


def _hashed(root: Path, entry: Entry) -> Entry:
    if entry.mode == FOLDER:
        return entry
    if entry.mode == LINK:
        return Entry(entry.path, LINK, blob_of(os.fsencode(_target(root / entry.path))))
    # Without stream and Path objects: of ten thousand small files they were half the time.
    number = os.open(f"{root}/{entry.path}", _SAFE)
    try:
        left = os.fstat(number).st_size
        digest = BlobHash(left)
        while chunk := os.read(number, min(left + 1, CHUNK)):
            left -= len(chunk)
            if left < 0:
                break
            digest.update(chunk)
    finally:
        os.close(number)
    if left:
        raise _changed(root)
    return Entry(entry.path, entry.mode, digest.hexdigest())


def send(root: Path, entry: Entry, tar: TarStream, name: str = "") -> Entry:
    """Write an entry, as `name` if given; return it with the hash of what was written.

    Times are the files' own: web servers make cache tags of them, and a constant would make a
    browser keep the page from before the last save.
    """
    place = root / entry.path
    sent = entry._replace(path=name or entry.path)
    date = int(place.lstat().st_mtime)
    if entry.mode == FOLDER:
        tar.folder(sent.path, date)
        return entry
    if entry.mode == LINK:
        target = _target(place)
        tar.link(sent.path, target, date)
        return entry._replace(blob=blob_of(os.fsencode(target)))
    with _opened(place) as stream:
        size = os.fstat(stream.fileno()).st_size
        digest = BlobHash(size)
        tar.file(sent, size, date)
        for chunk in _chunks(root, stream, size):
            digest.update(chunk)
            tar.content(chunk)
        tar.pad(size)
    return entry._replace(blob=digest.hexdigest())


def _target(link: Path) -> str:
    return os.readlink(link)  # noqa: PTH115 - Path would make `x` of `./x/`


def _opened(place: Path) -> BinaryIO:
    """Open a file; one that became a link or a pipe meanwhile is neither followed nor awaited."""
    return os.fdopen(os.open(place, _SAFE), "rb")


def _chunks(root: Path, stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Give exactly `size` bytes; CONFLICT when the file has become shorter or longer."""
    while size > 0 and (chunk := stream.read(min(size, CHUNK))):
        size -= len(chunk)
        yield chunk
    if size or stream.read(1):
        raise _changed(root)


def _changed(root: Path) -> DriverError:
    return DriverError(
        ErrorKind.CONFLICT,
        f"the folder {root} changed while it was read",
        "run again once nothing writes to it (`watch` does so by itself)",
    )


@contextmanager
def explained(root: Path) -> Iterator[None]:
    """Turn what the file system says into `DriverError`s: CONFLICT, DENIED or FAILED."""
    try:
        yield
    except FileNotFoundError as error:
        raise _changed(root) from error
    except PermissionError as error:
        raise DriverError(
            ErrorKind.DENIED,
            f"this user may not read {error.filename}",
            "make it readable, or name it in .dockerignore",
        ) from error
    except OSError as error:
        if error.filename is None:
            raise  # the tar's reader has gone, which is not the folder's fault
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
            raise _changed(root) from error
        raise DriverError(ErrorKind.FAILED, f"cannot read {error.filename}", str(error)) from error
