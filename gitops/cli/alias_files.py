"""Files of aliases that a task names: below its folder, in the context, or at a URL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gitops.drivers.base import DriverError
from gitops.drivers.contexts.files import RunFiles
from gitops.spec.tasks import Fetch, FetchError

PATIENCE = 2.0
"""Seconds for a file of aliases from the network, as in Azure."""

LARGEST = 1_000_000
"""Bytes of such a file."""


def alias_files(files: Callable[[], RunFiles] | None) -> Fetch:
    """Return what reads aliases: URLs, else from `files`, or without it from this machine."""

    def fetch(where: str) -> str:
        try:
            if "://" in where:
                return _remote(where)
            return (files().read(where) if files else Path(where).read_bytes()).decode()
        except (OSError, DriverError, UnicodeDecodeError) as error:
            raise FetchError(f"{where}: {error}") from error

    return fetch


def _remote(url: str) -> str:
    import httpx  # noqa: PLC0415 - 100 ms, and few tasks name a URL

    if not url.startswith(("http://", "https://")):
        raise FetchError(f"{url} is neither http:// nor https://")
    content = bytearray()
    try:
        with httpx.stream("GET", url, timeout=PATIENCE, follow_redirects=True) as answer:
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > LARGEST:
                    raise FetchError(f"{url} has more than {LARGEST} bytes")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FetchError(f"{url}: {error}") from error
    return content.decode()
