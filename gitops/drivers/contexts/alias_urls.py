"""Files of aliases that are behind a URL."""

from __future__ import annotations

import time

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.contexts.places import without_login

PATIENCE = 2.0
"""Seconds for a file of aliases from the network, as in Azure."""

LARGEST = 1_000_000
"""Bytes of such a file."""


def read_aliases(url: str) -> str:
    """Return the text at a URL (http or https); raise `DriverError` when it is not to be had.

    No error tells a URL's login, or its query, which may hold a signature that lets anybody read
    the file.
    """
    import httpx  # noqa: PLC0415 - 100 ms, and few tasks name a URL

    shown = without_login(url.partition("?")[0])
    if not url.startswith(("http://", "https://")):
        raise DriverError(ErrorKind.INVALID, f"{shown} is neither http:// nor https://")
    content, end = bytearray(), time.monotonic() + PATIENCE
    try:
        with httpx.stream("GET", url, timeout=PATIENCE, follow_redirects=True) as answer:
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                content += chunk
                if time.monotonic() > end:
                    raise DriverError(ErrorKind.TIMEOUT, f"{shown} took more than {PATIENCE:g} s")
                if len(content) > LARGEST:
                    what = f"{shown} has more than {LARGEST} bytes"
                    raise DriverError(ErrorKind.INVALID, what)
        return content.decode()
    except UnicodeDecodeError as error:
        raise DriverError(ErrorKind.INVALID, f"{shown} is not UTF-8 text") from error
    except httpx.HTTPStatusError as error:
        told = f"the server answers {error.response.status_code} {error.response.reason_phrase}"
        raise DriverError(ErrorKind.UNREACHABLE, shown, told) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DriverError(ErrorKind.UNREACHABLE, shown, str(error)) from error
