"""What a repository may not do to us: names that lead out of a context, and texts for a terminal.

A commit is anybody's work, a pull request's that of strangers. Git's own checks run when files are
written to disk, which happens nowhere here: files go from the object store into a tar.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.sources.context_tree import FILE, FOLDER, LINK, MODULE, PROGRAM, Entry, above
from gitops.model.shown import plain

LISTING_BYTES = 64 << 20
"""What the names of one commit's files may come to: some 700,000 files. Ten levels of ten times the
same tree are ten milliard files in a few hundred bytes."""

REFS_BYTES = 64 << 20
"""What the names of a remote's refs may come to."""

PULL_BYTES = 2 << 30
"""What a pull request may come to, packed when it is fetched, and unpacked when it is sent."""

LONGEST_PATH = 4096
"""Bytes of a path that Linux still opens."""

LONGEST_NAME = 255
"""Bytes of a name that Linux makes."""

DEEPEST = 250
"""Folders in folders: each pattern of `.dockerignore` is matched with each of them."""

MODULE_DEPTH = 16
"""Submodules in submodules; each level costs a fetch."""

# What Windows and macOS take for `.git` is refused with it (CVE-2014-9390).
_GIT = re.compile(r"(?:\.git|git~1)[ .]*(?::.*)?", re.IGNORECASE | re.DOTALL)
_UNSEEN = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")


def check_names(entries: Iterable[Entry], url: str) -> None:
    """Raise INVALID for a path that leads out of the context, or into `.git`, or lies in a file.

    The last is how a link and a folder of the same name write through the link when unpacked.
    """
    seen: dict[str, Entry] = {}
    folders: set[str] = set()
    for entry in entries:
        reason = _reason(entry.path)
        if not reason and entry.path in seen:
            reason = "is there twice"
        if reason:
            raise _refused(entry.path, reason, url)
        seen[entry.path] = entry
        for folder in above(entry.path):
            if folder in folders:
                break
            folders.add(folder)
    for path in folders & seen.keys():
        if seen[path].mode not in (FOLDER, MODULE):
            raise _refused(path, "is a file and a folder at once", url)


def mode_of(text: str, path: str, url: str) -> str:
    """Return git's canonical mode for one that is in a tree (old ones hold `100664`)."""
    match text[:3]:
        case "100":
            return PROGRAM if int(text, 8) & 0o100 else FILE
        case "120":
            return LINK
        case "160":
            return MODULE
        case "040":
            return FOLDER
    raise _refused(path, f"has the mode {text}", url)


def _reason(path: str) -> str:
    if len(path.encode(errors="surrogateescape")) > LONGEST_PATH:
        return f"is longer than {LONGEST_PATH} bytes"
    if path.count("/") > DEEPEST:
        return f"lies more than {DEEPEST} folders deep"
    for part in path.split("/"):
        if len(part.encode(errors="surrogateescape")) > LONGEST_NAME:
            return f"has a part longer than {LONGEST_NAME} bytes"
        if part in ("", ".", ".."):
            return "leads out of its folder"
        if _GIT.fullmatch(_UNSEEN.sub("", part)):
            return "lies in a folder of git's own"
    return ""


def _refused(path: str, reason: str, url: str) -> DriverError:
    shown = plain(path if len(path) <= 200 else f"{path[:200]}…")  # noqa: PLR2004 - for one line
    return DriverError(
        ErrorKind.INVALID,
        f"a commit of {url} holds a path that no build gets",
        f"'{shown}' {reason}: git itself would not check it out",
    )
