"""What steps left in the workspace, as the context of a build: read from its volume, streamed.

The engine follows paths inside of a container that never runs, so that a link to `/etc` can at
most reach that container's own files; it is refused all the same, as in a folder of this machine.
"""

from __future__ import annotations

import posixpath
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, BinaryIO, NamedTuple

from gitops.drivers.base import DriverError, ErrorKind, ReadContext
from gitops.drivers.contexts.files import LARGEST, Facts, RunFiles, too_large
from gitops.drivers.sources.context_tree import CHUNK, FILE, PROGRAM, Entry, TarStream, above
from gitops.drivers.sources.ignore import Matcher

Fetch = Callable[[str], AbstractContextManager[BinaryIO]]

_RUNNABLE = 0o100


class WorkspaceFiles(NamedTuple):
    """The files of a workspace, for `RunFiles`; `fetch` gives a path of it as a tar."""

    fetch: Fetch

    def content(self, path: str) -> bytes | None:
        """Return a file; see `Files`."""
        self._check(path)
        try:
            with self._opened(path) as (tar, first):
                if first.islnk() or first.issym():
                    raise _link(path, path)
                stream = tar.extractfile(first) if first.isfile() else None
                if stream is None:
                    return None
                if first.size > LARGEST:
                    raise too_large(path)
                return stream.read()
        except DriverError as error:
            if error.kind is ErrorKind.MISSING:
                return None
            raise

    def write(self, below: str, matcher: Matcher, tar: TarStream) -> None:
        """Write a folder; see `Files`. What is ignored is read and dropped on the way."""
        self._check(below)
        sent: set[str] = set()
        with self._opened(below) as (source, first):
            if first.issym():
                raise _link(below, below)
            if not first.isdir():
                raise DriverError(ErrorKind.INVALID, f"{below!r} of the workspace is no folder")
            top = f"{first.name}/"
            while (member := source.next()) is not None:
                path = member.name.removeprefix(top)
                # They are kept for random access, which a stream has not: 1 KB for each file.
                source.members.clear()  # type: ignore[attr-defined] # documented, not in typeshed
                if not matcher.ignored(path):
                    self._send(source, member, path, _Target(tar, below, top, sent))

    def _send(
        self, source: tarfile.TarFile, member: tarfile.TarInfo, path: str, target: _Target
    ) -> None:
        date = int(member.mtime)
        if member.isdir():
            target.tar.folder(path, date)
        elif member.issym():
            target.tar.link(path, member.linkname, date)
        elif member.islnk():
            self._send_same(member, path, target)
        elif member.isfile():
            stream = source.extractfile(member)
            if stream is not None:
                _copy(stream, member, path, target.tar)
            target.sent.add(path)
        else:
            raise DriverError(
                ErrorKind.INVALID,
                f"{path} of the workspace is a pipe or device, which cannot be sent to a build",
                "remove it in a step before, or name it in .dockerignore",
            )

    def _send_same(self, member: tarfile.TarInfo, path: str, target: _Target) -> None:
        """Write another name of a file; in full when the first one was left out."""
        first = member.linkname.removeprefix(target.top)
        if first in target.sent:
            target.tar.same(path, first, int(member.mtime))
            return
        with self._opened(posixpath.join(target.below, first)) as (source, found):
            stream = source.extractfile(found)
            if stream is not None:
                _copy(stream, found, path, target.tar)

    def _check(self, path: str) -> None:
        """Refuse a path that leads through a link."""
        for folder in above(path):
            with self._opened(folder) as (_, first):
                if first.issym():
                    raise _link(path, folder)

    @contextmanager
    def _opened(self, path: str) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
        """Give what is at a path of the workspace, and its own entry."""
        try:
            with (
                self.fetch(path) as stream,
                tarfile.open(fileobj=stream, mode="r|", bufsize=CHUNK) as tar,
            ):
                first = tar.next()
                if first is None:
                    raise tarfile.ReadError("it is empty")
                yield tar, first
        except tarfile.TarError as error:
            what = f"{path or 'the workspace'} could not be read as a tar"
            raise DriverError(ErrorKind.FAILED, what, str(error)) from error


class _Target(NamedTuple):
    """Where entries go: `top` is what the engine puts before names, `sent` the files so far."""

    tar: TarStream
    below: str
    top: str
    sent: set[str]


class WorkspaceContexts:
    """Satisfies `WorkspaceReader`."""

    def build(
        self, fetch: Fetch, folder: str, dockerfile: str
    ) -> AbstractContextManager[ReadContext]:
        """Give what a build of a folder of the workspace sends, by its `.dockerignore`."""
        return _files(fetch).build(folder, dockerfile)

    def read(self, fetch: Fetch, path: str) -> bytes:
        """Return a file of the workspace."""
        return _files(fetch).read(path)


def _files(fetch: Fetch) -> RunFiles:
    return RunFiles(WorkspaceFiles(fetch), Facts("the workspace"))


def _copy(stream: IO[bytes], member: tarfile.TarInfo, path: str, tar: TarStream) -> None:
    mode = PROGRAM if member.mode & _RUNNABLE else FILE
    tar.file(Entry(path, mode, ""), member.size, int(member.mtime))
    while chunk := stream.read(CHUNK):
        tar.content(chunk)
    tar.pad(member.size)


def _link(path: str, link: str) -> DriverError:
    return DriverError(
        ErrorKind.INVALID,
        f"{path!r} goes through the symbolic link {link!r} of the workspace",
        "name the file itself",
    )
