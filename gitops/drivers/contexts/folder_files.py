"""A folder of this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.contexts.files import LARGEST, too_large
from gitops.drivers.sources.context_tree import Entry, TarStream, select
from gitops.drivers.sources.folder import explained, send, walk
from gitops.drivers.sources.ignore import Matcher

VCS = (
    "**/.git",
    "**/.gitignore",
    "**/.bzr",
    "**/.bzrignore",
    "**/.hg",
    "**/.hgignore",
    "**/.svn",
)
"""Left out always, as `az acr build` does; an exception (`!.gitignore`) takes one in again."""


class FolderFiles(NamedTuple):
    """Reads when it is asked: what changes meanwhile is CONFLICT, never half a file."""

    root: Path

    def content(self, path: str) -> bytes | None:
        """Return a file; see `Files`."""
        with explained(self.root):
            place = self._place(path)
            if not place.is_file():
                return None
            number = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(number, "rb") as stream:
                content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise too_large(str(place))
        return content

    def write(self, below: str, matcher: Matcher, tar: TarStream) -> None:
        """Write a folder; see `Files`."""
        root = self._place(below)
        if not root.is_dir():
            raise DriverError(ErrorKind.MISSING, f"there is no folder {root}")
        with explained(root):
            for entry in select(walk(root, matcher), matcher):
                send(root, Entry(entry.path, entry.mode, ""), tar)

    def _place(self, path: str) -> Path:
        place = self.root
        for part in Path(path).parts:
            place = place / part
            if place.is_symlink():
                raise DriverError(
                    ErrorKind.INVALID,
                    f"{path!r} goes through the symbolic link {place}",
                    "name the file itself, inside the folder",
                )
        return place
