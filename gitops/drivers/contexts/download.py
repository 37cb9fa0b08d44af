"""Fetches an archive over HTTP. Importing this costs what `urllib.request` costs."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from gitops.drivers.base import Cancel, DriverError, ErrorKind
from gitops.drivers.contexts.archive_files import archive_files
from gitops.drivers.contexts.files import RunFiles
from gitops.drivers.contexts.heeded import heeded
from gitops.drivers.git.access import split_url

PATIENCE = 60.0
"""Seconds without a byte after which a server counts as hung."""

_KINDS = {401: ErrorKind.DENIED, 403: ErrorKind.DENIED, 404: ErrorKind.MISSING}


class _Redirects(HTTPRedirectHandler):
    """Follows where servers send us, never from https to a way that others can read."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Return the next request; refuse one that is not as safe."""
        if req.type == "https" and not newurl.lower().startswith("https://"):
            raise URLError(f"it sends us from https to {newurl.partition('://')[0]}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextmanager
def downloaded(url: str, cancel: Cancel | None = None) -> Iterator[RunFiles]:
    """Give the files of the archive, or the Dockerfile, at an http(s) URL.

    A user name and password in it go to its own server only. Raises `DriverError`: UNREACHABLE,
    DENIED, MISSING, CANCELLED, and what `archive_files` raises.
    """
    remote = split_url(url)
    request = Request(remote.url, headers={"User-Agent": "gitops"})  # noqa: S310 - http(s) only
    if remote.login.password is not None:
        login = f"{remote.login.username}:{remote.login.password.reveal()}".encode()
        encoded = base64.b64encode(login).decode()
        request.add_unredirected_header("Authorization", f"Basic {encoded}")
    what = f"cannot read {remote.url}"
    with ExitStack() as stack:
        try:
            ask = partial(build_opener(_Redirects).open, request, timeout=PATIENCE)
            answer = stack.enter_context(heeded(ask, cancel, remote.url))
            files = stack.enter_context(archive_files(answer, remote.url, cancel))
        except HTTPError as error:
            with error:
                kind = _KINDS.get(error.code, ErrorKind.UNREACHABLE)
                raise DriverError(kind, what, f"the server answered {error.code}") from error
        except (HTTPException, OSError) as error:
            raise DriverError(ErrorKind.UNREACHABLE, what, str(error)) from error
        yield files
