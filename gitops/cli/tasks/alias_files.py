"""Files of aliases that a task names: below its folder, in the context, or at a URL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gitops.drivers.base import DriverError
from gitops.drivers.contexts.files import RunFiles
from gitops.spec.tasks import Fetch, FetchError


def alias_files(files: Callable[[], RunFiles] | None) -> Fetch:
    """Return what reads aliases: URLs, else from `files`, or without it from this machine."""

    def fetch(where: str) -> str:
        try:
            if "://" in where:
                from gitops.drivers.contexts.alias_urls import read_aliases  # noqa: PLC0415 - rare

                return read_aliases(where)
            return (files().read(where) if files else Path(where).read_bytes()).decode()
        except (OSError, DriverError, UnicodeDecodeError) as error:
            raise FetchError(str(error) if "://" in where else f"{where}: {error}") from error

    return fetch
