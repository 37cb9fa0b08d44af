"""What this machine has: room, free ports, folders to write in, and programs."""

from __future__ import annotations

import errno
import os
import shutil
import socket
from contextlib import suppress
from pathlib import Path

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.command import CommandOptions, run
from gitops.model.checkup import Space

_PATIENCE = 5.0


def space_at(folder: Path) -> Space:
    """Return the room of the file system that holds `folder`, or will when it is made."""
    try:
        usage = shutil.disk_usage(existing(folder))
    except OSError as error:
        raise DriverError(
            ErrorKind.FAILED, f"the space at {folder} cannot be read", str(error)
        ) from error
    return Space(usage.free, usage.total)


def existing(folder: Path) -> Path:
    """Return `folder`, or the nearest folder above it that there is."""
    for place in (folder, *folder.parents):
        with suppress(OSError):
            if place.exists():
                return place
    return Path("/")


def may_write(folder: Path) -> bool:
    """Say whether files can be made in `folder`, or it can be made itself."""
    place = existing(folder)
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK)


def port_is_free(bind: str, port: int) -> bool:
    """Say whether a TCP port can be opened here; an address of another machine says nothing."""
    host = bind.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As the engine's proxy does: a port that waits after its last connection is not taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True


def version_of(program: str) -> str:
    """Return the first line that `program --version` prints; raise MISSING if there is none."""
    done = run([program, "--version"], CommandOptions(timeout=_PATIENCE))
    if done.code:
        raise DriverError(ErrorKind.FAILED, f"{program} --version failed", done.stderr.strip())
    return done.stdout.strip().partition("\n")[0]
