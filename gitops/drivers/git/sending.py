"""Writes files of commits into a tar: content as committed, without line end conversion."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.git.guard import LONGEST_PATH, PULL_BYTES
from gitops.drivers.git.listing import Located
from gitops.drivers.git.program import Objects, objects
from gitops.drivers.sources.context_tree import FOLDER, LINK, Entry, TarStream
from gitops.model.shown import plain
from gitops.model.sources import Source


class Terms(NamedTuple):
    """How files are sent: all with the commit's date, in seconds since 1970."""

    date: int
    most: int = 0
    """Bytes that they may come to; 0 is no limit."""


def terms_of(source: Source) -> Terms:
    """Return how the files of a source are sent: those of a pull request are limited."""
    return Terms(source.date, PULL_BYTES if source.pull else 0)


def send(files: Iterable[Located], tar: TarStream, terms: Terms) -> None:
    """Write files and folders; raise `DriverError` INVALID before what is too large is begun."""
    left = terms.most or sys.maxsize
    readers: dict[Path, Objects] = {}
    with ExitStack() as stack:
        for entry, place in files:
            if entry.mode == FOLDER:
                tar.folder(entry.path, terms.date)
                continue
            if place.folder not in readers:
                opened = stack.enter_context(objects(place.folder, place.env))
                readers[place.folder] = opened
            left -= _send(entry, readers[place.folder], tar, terms._replace(most=left))


def lost(path: str) -> DriverError:
    """Return the error of a file whose content is gone from the mirror."""
    return DriverError(ErrorKind.FAILED, f"the content of {path} is not in the git cache")


def _send(entry: Entry, reader: Objects, tar: TarStream, terms: Terms) -> int:
    """Write an entry; return its size in bytes."""
    blob = reader.read(entry.blob)
    if blob is None:
        raise lost(entry.path)
    most = LONGEST_PATH if entry.mode == LINK else terms.most
    if blob.size > most:
        # The header goes before the content: what is too large is not even begun.
        raise DriverError(
            ErrorKind.INVALID,
            f"'{plain(entry.path)}' has {blob.size} bytes, and there is room for {most} more",
            "a pull request has a limit for all of its files, and a link is a path",
        )
    if entry.mode == LINK:
        tar.link(entry.path, blob.data().decode(errors="surrogateescape"), terms.date)
        return blob.size
    tar.file(entry, blob.size, terms.date)
    for chunk in blob.chunks:
        tar.content(chunk)
    tar.pad(blob.size)
    return blob.size
