"""What a context's address names: a folder, a repository, an archive, or standard input.

The forms are those of `docker build`:
https://docs.docker.com/build/concepts/context/#remote-context
"""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

STDIN = "-"

_GIT_SCHEMES = ("git", "ssh", "git+ssh", "ssh+git")
_REPOSITORY = re.compile(r"\.git/?\Z|/_git/")
"""How the path of a repository looks over HTTP; Azure DevOps writes `/PROJECT/_git/NAME`."""


class Kind(Enum):
    """Where files come from."""

    FOLDER = "folder"
    GIT = "git"
    ARCHIVE = "archive"
    DOWNLOAD = "download"
    STDIN = "stdin"


class Place(NamedTuple):
    """A context's address, taken apart. `address` has neither ref nor folder.

    `local` says that it reads this machine.
    """

    kind: Kind
    address: str
    ref: str = ""
    folder: str = ""
    local: bool = False


def place_of(text: str) -> Place:
    """Return what an address names; one that is none of the others is a folder."""
    if text == STDIN:
        return Place(Kind.STDIN, text, local=True)
    address, hash_, fragment = text.partition("#")
    ref, _, folder = fragment.partition(":")
    git = Place(Kind.GIT, address, ref, folder)
    scheme = address.partition("://")[0].lower() if "://" in address else ""
    if address.startswith("github.com/"):
        return git._replace(address=f"https://{address}")
    if scheme in ("http", "https"):
        repository = hash_ or _REPOSITORY.search(urlsplit(address).path)
        return git if repository else Place(Kind.DOWNLOAD, text)
    if scheme in _GIT_SCHEMES or (not scheme and re.match(r"[\w.-]+@[\w.-]+:", address)):
        return git
    here = git._replace(local=True)
    return here if scheme == "file" else _local(text, here, fragment=bool(hash_))


def _local(text: str, repository: Place, *, fragment: bool) -> Place:
    if Path(text).is_file():
        return Place(Kind.ARCHIVE, text, local=True)
    path = Path(repository.address)
    bare = (path / "HEAD").is_file() and (path / "objects").is_dir()
    worked_on = fragment and (path / ".git").exists() and not Path(text).is_dir()
    if bare or worked_on:
        return repository._replace(address=str(path.resolve()))
    return Place(Kind.FOLDER, text, local=True)


def kept(text: str) -> str:
    """Return the address as it may be remembered: without password, wherever one stands."""
    if not text:
        return ""
    place = place_of(text)
    if place.kind is Kind.STDIN:
        return text
    if place.kind in (Kind.FOLDER, Kind.ARCHIVE):
        return str(Path(text).resolve())
    address = _plain(place.address)
    folder = f":{place.folder}" if place.folder else ""
    return f"{address}#{place.ref}{folder}" if place.ref or folder else address


def without_login(url: str) -> str:
    """Return a URL without the user and the password in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _plain(address: str) -> str:
    if "://" not in address:
        return address
    parts = urlsplit(address)
    name = parts.netloc.rpartition("@")[0].partition(":")[0]
    plain = without_login(address)
    return plain.replace("://", f"://{name}@", 1) if name else plain
