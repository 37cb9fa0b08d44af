"""Paths of a step: all that is read for it lies in the workspace, whatever is written."""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

from gitops.model.tasks import WORKSPACE, VolumeMount
from gitops.spec.tasks.words import LineError, quoted

_URL = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*)(?:://|::)|git@|github\.com/")
_SCHEMES = ("http", "https", "git", "ssh")
VOLUME = re.compile(r"[a-zA-Z0-9_-]+")
"""The name of a volume."""


class Workplace(NamedTuple):
    """Where a step works, and which names of the task it may use."""

    directory: str = WORKSPACE
    mounts: tuple[VolumeMount, ...] = ()
    volumes: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    shared: str = ""
    """The name of the workspace's own volume (`{{.Run.SharedVolume}}`)."""

    def inside(self, path: str) -> str:
        """Return a path relative to the directory. Raises `LineError` if it leaves the workspace.

        The result may begin with `..` where the directory is itself below the workspace.
        """
        whole = absolute(path, self.directory)
        if "\0" in path or (whole != WORKSPACE and not whole.startswith(f"{WORKSPACE}/")):
            raise LineError(
                f"the path {quoted(path)} leaves the workspace",
                f"write a path below {WORKSPACE}: nothing else can be read",
            )
        relative = posixpath.relpath(whole, self.directory)
        if relative.startswith("-"):
            raise LineError(f"the path {quoted(path)} begins with a dash", "give it another name")
        return relative

    def mounted(self, path: str) -> bool:
        """Say whether an absolute path lies in a volume that is mounted for the step."""
        whole = posixpath.normpath(path)
        return any(whole.startswith(f"{posixpath.normpath(each.path)}/") for each in self.mounts)


def absolute(path: str, directory: str = WORKSPACE) -> str:
    """Return a path in a container, normal; a relative one starts at `directory`."""
    return "/" + posixpath.normpath(posixpath.join(directory, path)).lstrip("/")


def is_url(context: str) -> bool:
    """Say whether a build context is the address of a repository or tarball."""
    return _URL.match(context) is not None


def checked_url(url: str) -> str:
    """Return the address of a context. Raises `LineError` for one that could do more than that."""
    address, _, fragment = url.partition("#")
    match = _URL.match(address)
    scheme = match.group("scheme") if match else None
    if scheme is not None and scheme.lower() not in _SCHEMES:
        hint = f"write a folder, or a URL with {', '.join(_SCHEMES)}"
        raise LineError(f"a context cannot be read by {scheme}", hint)
    # A host or ref that begins with a dash would be an option of git or ssh.
    ref, _, folder = fragment.partition(":")
    host = re.split(r"://|@", address)[-1]
    if host.startswith("-") or ref.startswith("-") or "@-" in address or "://-" in address:
        raise LineError("the URL holds an option in the place of a host or ref", "remove the dash")
    below_root(folder)
    return url


def below_root(path: str) -> str:
    """Return a path inside a repository or tarball, normal. Raises `LineError` if it leaves it."""
    normal = posixpath.normpath(path.lstrip("/")) if path else ""
    if normal == ".." or normal.startswith(("../", "-")) or "\0" in path:
        raise LineError(f"the path {quoted(path)} leaves the context", "write a path below it")
    return normal
