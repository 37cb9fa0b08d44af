"""Temporary folders of this process: gone after use, and with the next process after a kill.

They hold keys, passwords and secrets for programs that take them from files, and contexts.
"""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir, mkdtemp

from gitops.drivers.processes import is_alive, this_host, this_process

_HEAD = "gitops-tmp-"


@contextmanager
def own_folder(purpose: str) -> Iterator[Path]:
    """Give an empty folder that only we can read; `purpose` is a word of its name.

    Folders of processes of this machine that were killed are removed first.
    """
    clear_leftovers()
    folder = Path(mkdtemp(prefix=f"{_own_prefix()}{purpose}-"))  # mode 0700
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear_leftovers() -> None:
    """Remove the folders of processes of this machine that were killed."""
    ours = f"{_HEAD}{_machine()}-"
    for name in _names():
        if name.startswith(ours):
            pid, _, rest = name.removeprefix(ours).partition("-")
            process = f"{pid}:{rest.partition('-')[0]}"
            if is_alive(this_host(), process) is False:
                _remove(name)


def clear_own() -> None:
    """Remove the folders of this process, which is about to end at once."""
    own = _own_prefix()
    for name in _names():
        if name.startswith(own):
            _remove(name)


def _names() -> list[str]:
    with suppress(OSError):
        return os.listdir(gettempdir())  # noqa: PTH208 - there may be thousands, and none of ours
    return []


def _remove(name: str) -> None:
    shutil.rmtree(Path(gettempdir()) / name, ignore_errors=True)


def _own_prefix() -> str:
    return f"{_HEAD}{_machine()}-{this_process().replace(':', '-')}-"


def _machine() -> str:
    return f"{zlib.crc32(this_host().encode()):08x}"
