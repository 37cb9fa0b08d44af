"""What was last seen of base images, kept in a small JSON file between short runs.

It is memory, not truth: a file that is broken, gone or not writable only means asking again.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

FILE = "base-digests.json"
VERSION = 1
KEPT = 7 * 86400.0
"""Seconds that an image is remembered after it was due: nobody follows it any more."""


class SeenImage(NamedTuple):
    """An image by name: what its tag pointed to, and when it is asked for again (1970 seconds)."""

    due: float
    digest: str = ""
    absent: bool = False
    why: str = ""
    """Why the last look failed, or empty."""


class SeenHost(NamedTuple):
    """A registry that is left alone until `until`: it is `limited`, or has failed so often."""

    until: float = 0.0
    failures: int = 0
    limited: bool = False
    why: str = ""


class Memory(NamedTuple):
    """Images by canonical name, registries by host."""

    images: Mapping[str, SeenImage]
    hosts: Mapping[str, SeenHost]


class DigestMemory:
    """The file in `folder`; many processes may use it at the same time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._unwritten = Memory({}, {})

    def load(self) -> Memory:
        """Return what is remembered, by this process or in the file."""
        return _merged(_read(self._path), self._unwritten)

    def keep(self, new: Memory, now: float) -> Memory:
        """Remember `new` beside what others have remembered meanwhile; return all of it."""
        new = _merged(self._unwritten, new)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # closing the file lets go of it
                merged = _merged(_read(self._path), new)
                _write(self._path, _young(merged, now))
        except OSError:
            # A process that cannot write still must not ask twice.
            self._unwritten = new
            return _merged(_read(self._path), new)
        self._unwritten = Memory({}, {})
        return merged


def _merged(old: Memory, new: Memory) -> Memory:
    return Memory({**old.images, **new.images}, {**old.hosts, **new.hosts})


def _young(memory: Memory, now: float) -> Memory:
    images = {name: seen for name, seen in memory.images.items() if seen.due > now - KEPT}
    hosts = {host: seen for host, seen in memory.hosts.items() if seen.until > now - KEPT}
    return Memory(images, hosts)


def _read(path: Path) -> Memory:
    try:
        found = json.loads(path.read_bytes())
        if found["version"] != VERSION:
            return Memory({}, {})
        images = {
            str(name): SeenImage(
                float(seen["due"]), str(seen["digest"]), bool(seen["absent"]), str(seen["why"])
            )
            for name, seen in found["images"].items()
        }
        hosts = {
            str(host): SeenHost(
                float(seen["until"]), int(seen["failures"]), bool(seen["limited"]), str(seen["why"])
            )
            for host, seen in found["hosts"].items()
        }
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ):
        return Memory({}, {})
    return Memory(images, hosts)


def _write(path: Path, memory: Memory) -> None:
    """Replace the file at once, so that a reader finds the old one or the new one."""
    document = {
        "version": VERSION,
        "images": {name: seen._asdict() for name, seen in sorted(memory.images.items())},
        "hosts": {host: seen._asdict() for host, seen in sorted(memory.hosts.items())},
    }
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(document, file, indent=1)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
