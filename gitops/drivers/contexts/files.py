"""What a run asks of its files: a build context of any folder, single files, or all of them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple, Protocol

from gitops.drivers.base import HIDDEN_DOCKERFILE, DriverError, ErrorKind
from gitops.drivers.sources.context_tree import (
    FILE,
    Entry,
    TarStream,
    ignore_files,
    instead,
    relative,
)
from gitops.drivers.sources.ignore import Matcher, parse_ignore

DOCKERFILE = "Dockerfile"

LARGEST = 16 << 20
"""Bytes of a single file that is read into memory: a Dockerfile, an ignore file, a secret."""


class Facts(NamedTuple):
    """What is known of where files come from; empty where it does not apply.

    `date` is seconds since 1970 of the commit. `tree` identifies the content where that is known
    before it is read.
    """

    location: str
    commit: str = ""
    branch: str = ""
    tag: str = ""
    url: str = ""
    date: int = 0
    tree: str = ""


class Files(Protocol):
    """A tree of files. Paths are relative, with forward slashes, without dots."""

    def content(self, path: str) -> bytes | None:
        """Return a regular file of at most LARGEST bytes, none when there is none.

        Raises `DriverError` INVALID for a link, or what lies behind one.
        """
        ...

    def write(self, below: str, matcher: Matcher, tar: TarStream) -> None:
        """Write what the matcher lets through of the folder `below`, with paths relative to it.

        Raises `DriverError` MISSING when there is no such folder. What is ignored is not opened.
        """
        ...


class Given(NamedTuple):
    """A Dockerfile from outside of the files, with the ignore file beside it, if there is one."""

    dockerfile: bytes
    ignore: bytes | None = None


class FilesContext(NamedTuple):
    """One build's context. `extra` is the Dockerfile where it is no part of the rest."""

    files: Files
    below: str
    matcher: Matcher
    dockerfile: str
    extra: bytes | None
    date: int
    text: str = ""
    recipe: str = ""
    """What takes the place of the Dockerfile's text, if it is not empty."""

    def rewritten(self, text: str) -> FilesContext:
        """Return the context with another text in the Dockerfile's place."""
        return self._replace(recipe=text)

    def write_to(self, stream: BinaryIO) -> None:
        """Write the tar, streamed."""
        tar = TarStream(stream, instead(self.dockerfile, self.recipe))
        self.files.write(self.below, self.matcher, tar)
        if self.extra is not None:
            tar.file(Entry(self.dockerfile, FILE, ""), len(self.extra), self.date)
            tar.content(self.extra)
            tar.pad(len(self.extra))
        tar.end()


class RunFiles(NamedTuple):
    """The files of a run. `always` are patterns left out before a `.dockerignore` is asked."""

    files: Files
    facts: Facts
    always: tuple[str, ...] = ()
    given: Given | None = None

    def write_all(self, stream: BinaryIO, top: str) -> None:
        """Write all files as a tar, for a workspace: `.dockerignore` is for builds only."""
        tar = TarStream(stream, top=top)
        self.files.write("", Matcher(self.always), tar)
        tar.end()

    def read(self, path: str) -> bytes:
        """Return a file; MISSING when there is none, INVALID when the path leads out."""
        content = self.files.content(relative(path, "the file"))
        if content is None:
            raise DriverError(ErrorKind.MISSING, f"there is no file {path!r}", self.facts.location)
        return content

    @contextmanager
    def build(self, folder: str, dockerfile: str = "") -> Iterator[FilesContext]:
        """Give what a build of `folder` sends.

        `dockerfile` is a path from the top; empty is the folder's own, or the one that was given
        beside the files, or `dockerfile` in small letters, as docker has it.
        """
        below = relative(folder, "the folder of a build")
        given = self.given if not dockerfile else None
        path = relative(dockerfile, "the Dockerfile") or posixpath.join(below, DOCKERFILE)
        text = given.dockerfile if given else self.files.content(path)
        if text is None and not dockerfile:
            lower = posixpath.join(below, DOCKERFILE.lower())
            text = self.files.content(lower)
            path = path if text is None else lower
        if text is None:
            hint = "-f names a file of the context" if dockerfile else "name another one with -f"
            what = f"there is no Dockerfile {path!r} in {self.facts.location}"
            raise DriverError(ErrorKind.MISSING, what, hint)
        ignore = self._ignore(given, path, below)
        lines = parse_ignore(ignore.decode(errors="replace")) if ignore is not None else ()
        matcher = Matcher((*self.always, *lines))
        inside = "" if given else _inside(path, below)
        sent = bool(inside) and not matcher.ignored(inside)
        yield FilesContext(
            self.files,
            below,
            matcher,
            inside if sent else HIDDEN_DOCKERFILE,
            None if sent else text,
            self.facts.date,
            text.decode(errors="replace"),
        )

    def _ignore(self, given: Given | None, path: str, below: str) -> bytes | None:
        """Return the ignore file: the Dockerfile's own, or else the folder's."""
        own, shared = ignore_files(path)
        first = given.ignore if given else self.files.content(own)
        return first if first is not None else self.files.content(posixpath.join(below, shared))


def _inside(path: str, folder: str) -> str:
    """Return `path` as seen from `folder`; empty when it lies outside."""
    if not folder:
        return path
    return path.removeprefix(f"{folder}/") if path.startswith(f"{folder}/") else ""


def too_large(path: str) -> DriverError:
    """Return the error of a file that is larger than what is read into memory."""
    return DriverError(
        ErrorKind.INVALID, f"{path} is larger than {LARGEST >> 20} MiB", "it is read whole"
    )
