"""Remembers what docker CLIs and their engine have said, until one of them is another.

To ask them takes six programs, and a tenth of a second in which the build has not begun.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from gitops.drivers.builders.docker_config import Endpoint

LASTS = 24 * 3600.0
"""Seconds after which they are asked again, whatever seems to be the same."""

_PLUGINS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)
"""Where CLIs look for their plugins, beside the user's own folder
(https://github.com/docker/cli/blob/v20.10.24/cli-plugins/manager/manager_unix.go)."""


class Memory(NamedTuple):
    """A file, and what its answers hold for; without a file nothing is remembered."""

    file: Path | None = None
    what: str = ""

    def recall(self) -> list[list[object]] | None:
        """Return what was remembered of the same programs and engine; none when nothing was."""
        if self.file is None:
            return None
        try:
            told = json.loads(self.file.read_text())
            fresh = 0 <= time.time() - float(told["time"]) < LASTS and told["what"] == self.what
            return list(told["clients"]) if fresh else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, clients: Sequence[Sequence[object]]) -> None:
        """Remember what the CLIs have said."""
        if self.file is None:
            return
        told = {"what": self.what, "time": time.time(), "clients": [list(one) for one in clients]}
        with suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text(json.dumps(told))

    def forget(self) -> None:
        """Have them asked again: a build went wrong, and what was said may be why."""
        if self.file is not None:
            with suppress(OSError):
                self.file.unlink(missing_ok=True)


def memory(cache: Path, endpoint: Endpoint, programs: Sequence[str]) -> Memory:
    """Return the memory for these programs in the folder `cache`.

    There is none where a builder is named: what that is can change at any time, and on any machine.
    """
    if endpoint.environ.get("BUILDX_BUILDER"):
        return Memory()
    address = endpoint.address or endpoint.environ.get("DOCKER_HOST", "")
    places = [*map(Path, programs), *_beside(endpoint), Path(urlsplit(address).path or "/")]
    what = "\n".join([address, *map(_state, places)])
    return Memory(cache / "builders" / sha256(address.encode()).hexdigest()[:16], what)


def _beside(endpoint: Endpoint) -> Iterator[Path]:
    """Give what decides which plugins a CLI has; its configuration can name further folders."""
    yield endpoint.home / "config.json"
    for folder in (endpoint.home / "cli-plugins", *map(Path, _PLUGINS)):
        yield folder
        yield folder / "docker-buildx"


def _state(place: Path) -> str:
    """Return what differs when a file has become another one; a socket has no size."""
    try:
        found = place.stat()
    except OSError:
        return f"{place} -"
    return f"{place} {found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
