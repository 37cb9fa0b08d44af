"""Lists the files of a commit's folder, submodules included, and finds what is not there."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.command import CommandOptions
from gitops.drivers.git.access import Login, Remote, split_url
from gitops.drivers.git.guard import (
    LISTING_BYTES,
    MODULE_DEPTH,
    check_names,
    mode_of,
)
from gitops.drivers.git.mirror import Mirror
from gitops.drivers.git.program import git
from gitops.drivers.sources.context_tree import FOLDER, LINK, MODULE, Entry
from gitops.model.shown import plain

_FOLDER_TYPES = (FOLDER, MODULE)

LISTING = 120.0
"""Seconds for the names of a commit's files, which are on this machine already."""

MODULES_BYTES = 1 << 20
"""What `.gitmodules` may come to."""

SCHEMES = ("https", "http", "ssh", "git", "git+ssh", "ssh+git")


class Located(NamedTuple):
    """A file of a context, and the mirror that has its content."""

    entry: Entry
    mirror: Mirror


Open = Callable[[Remote, str], Mirror]
"""Gives the mirror of a submodule's repository, with one commit in it."""


class Tree(NamedTuple):
    """A commit in a mirror."""

    mirror: Mirror
    commit: str
    depth: int = 0
    """How many submodules it lies in."""

    def listing(self, path: str, open_module: Open | None) -> Iterator[Located]:
        """Give every file below `path`; a submodule is an empty folder without `open_module`."""
        self.check_folder(path)
        modules: Mapping[str, str] | None = None
        prefix = f"{path}/" if path else ""
        entries = self.entries(["-r", f"{self.commit}:{path}"])
        check_names(entries, self.mirror.remote.url)
        for entry in entries:
            if entry.mode != MODULE:
                yield Located(entry, self.mirror)
            elif open_module is None:
                yield Located(Entry(entry.path, FOLDER, ""), self.mirror)
            else:
                modules = self._modules() if modules is None else modules
                yield from self._module(entry, modules.get(prefix + entry.path), open_module)

    def entries(self, args: list[str]) -> list[Entry]:
        """Return what `git ls-tree -z args` lists."""
        options = CommandOptions(timeout=LISTING, most=LISTING_BYTES)
        command = ["ls-tree", "-z", "--full-tree", *args]
        answer = git(self.mirror.folder, command, self.mirror.env, options)
        if answer.code:
            raise DriverError(
                ErrorKind.FAILED,
                f"cannot list {self.commit} of {self.mirror.remote.url}",
                answer.stderr,
            )
        url = self.mirror.remote.url
        return [_entry(line, url) for line in answer.raw.split(b"\0") if line]

    def check_folder(self, path: str) -> None:
        """Raise MISSING when `path` is no folder of the commit, INVALID when a link leads to it."""
        above = ""
        for part in path.split("/") if path else ():
            here = {posixpath.basename(entry.path): entry.mode for entry in self._children(above)}
            mode = here.get(part, "")
            if mode == LINK:
                raise DriverError(
                    ErrorKind.INVALID,
                    f"the path {path!r} in {self.mirror.remote.url} goes through a symbolic link",
                    f"{part!r} is one: name the folder that it points to",
                )
            if mode not in _FOLDER_TYPES:
                folders = [name for name, kind in here.items() if kind in _FOLDER_TYPES]
                raise DriverError(
                    ErrorKind.MISSING,
                    f"there is no folder {path!r} in {self.mirror.remote.url} at {self.commit[:8]}",
                    f"{above or 'the top'} has the folders {nearest(part, folders)}",
                )
            above = f"{above}/{part}" if above else part

    def _children(self, folder: str) -> list[Entry]:
        return self.entries([f"{self.commit}:{folder}"])

    def _modules(self) -> Mapping[str, str]:
        """Return submodule addresses by path, from the commit's `.gitmodules`."""
        # Without --no-includes, an include in it would read a file of this machine.
        args = ["config", "--no-includes", "--blob", f"{self.commit}:.gitmodules", "-z", "--list"]
        options = CommandOptions(timeout=LISTING, most=MODULES_BYTES)
        answer = git(self.mirror.folder, args, self.mirror.env, options)
        keys = [item.partition("\n") for item in answer.stdout.split("\0") if item]
        paths = {key[:-5]: value for key, _, value in keys if key.endswith(".path")}
        urls = {key[:-4]: value for key, _, value in keys if key.endswith(".url")}
        return {path: urls[name] for name, path in paths.items() if name in urls}

    def _module(self, entry: Entry, url: str | None, open_module: Open) -> Iterator[Located]:
        if url is None:
            raise DriverError(
                ErrorKind.INVALID,
                f"the submodule '{plain(entry.path)}' of {self.mirror.remote.url} has no address",
                f".gitmodules at {self.commit[:8]} does not name it",
            )
        if self.depth == MODULE_DEPTH:
            raise DriverError(
                ErrorKind.INVALID, f"{self.mirror.remote.url} lies {MODULE_DEPTH} submodules deep"
            )
        remote = module_remote(self.mirror.remote, url)
        below = Tree(open_module(remote, entry.blob), entry.blob, self.depth + 1)
        for found in below.listing("", open_module):
            path = f"{entry.path}/{found.entry.path}"
            yield found._replace(entry=found.entry._replace(path=path))


def module_remote(parent: Remote, url: str) -> Remote:
    """Return a submodule's repository; its parent's credentials go to the same host only, and in
    the same way: what was meant for https is not told to http.

    A repository from elsewhere may not name folders of this machine as its submodules
    (CVE-2022-39253).
    """
    remote = split_url(_joined(parent.url, url) if url.startswith(("./", "../")) else url)
    if remote.local and not parent.local:
        raise DriverError(
            ErrorKind.INVALID, f"a submodule of {parent.url} points to {url!r} on this machine"
        )
    if not remote.local and remote.scheme not in SCHEMES:
        raise DriverError(
            ErrorKind.INVALID, f"a submodule of {parent.url} is at {url!r}", "git has no such way"
        )
    same = (remote.scheme, remote.host) == (parent.scheme, parent.host)
    if remote.login == Login() and same:
        return remote._replace(login=parent.login)
    return remote


def _joined(base: str, url: str) -> str:
    """Resolve a relative address as git does: as if the parent's address were a folder."""
    if "://" in base:
        parts = urlsplit(base)
        return urlunsplit(parts._replace(path=posixpath.normpath(f"{parts.path}/{url}")))
    head, colon, path = base.rpartition(":")
    return f"{head}{colon}{posixpath.normpath(f'{path}/{url}')}"


def nearest(name: str, names: list[str]) -> str:
    """Return some of `names`, those that look like `name` first."""
    close = get_close_matches(name, names, n=3, cutoff=0.4)
    rest = sorted(set(names) - set(close))[: 5 - len(close)]
    return ", ".join(plain(one[:100]) for one in [*close, *rest]) or "none"


def _entry(line: bytes, url: str) -> Entry:
    """Read `<mode> SP <type> SP <id> TAB <path>` (https://git-scm.com/docs/git-ls-tree)."""
    head, _, path = line.decode(errors="surrogateescape").partition("\t")
    mode, _, blob = head.split(" ")
    return Entry(path, mode_of(mode, path, url), blob)
