"""One repository of a registry: manifests and blobs, read and written.

OCI distribution specification 1.1:
https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#push
"""

from __future__ import annotations

from collections.abc import Mapping
from http.client import HTTPException
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.registry.answers import check, sha256_of
from gitops.drivers.registry.auth import OciAuth
from gitops.drivers.registry.http import Request, Response

NONE: Mapping[str, str] = MappingProxyType({})
MISSING = 404


class Call(NamedTuple):
    """A request inside of a repository; `path` follows `/v2/<name>/`."""

    method: str
    path: str
    headers: Mapping[str, str] = NONE
    body: bytes | None = None


class OciRepository:
    """The repository `path` at `host`; every failure is a `DriverError` that begins with `what`."""

    def __init__(self, auth: OciAuth, place: tuple[str, str], what: str) -> None:
        self._auth = auth
        self._host, self._path = place
        self._what = what

    def send(self, call: Call, *, may_miss: bool = False) -> Response | None:
        """Return the answer when it is a success, None for 404 when that may be."""
        url = f"/v2/{self._path}/{call.path}"
        return self._sent(Request(self._host, call.method, url, call.headers, call.body), may_miss)

    def get(self, path: str, accept: str = "") -> Response:
        """Return what is at `path`; raise `DriverError` (MISSING) when nothing is."""
        response = self.send(Call("GET", path, {"Accept": accept} if accept else {}))
        if response is None:
            raise DriverError(ErrorKind.MISSING, self._what, f"{path} is not there")
        return response

    def upload(self, content: bytes) -> str:
        """Write a blob unless it is there; return its digest.

        One POST opens the upload, one PUT at the place that it names holds all of it.
        """
        digest = sha256_of(content)
        if self.send(Call("HEAD", f"blobs/{digest}"), may_miss=True) is not None:
            return digest
        opened = self.send(Call("POST", "blobs/uploads/", {"Content-Length": "0"}, b""))
        location = urlsplit(opened.headers.get("Location", "") if opened else "")
        if not location.path:
            raise DriverError(ErrorKind.FAILED, self._what, "the registry names no upload location")
        query = f"{location.query}&" if location.query else ""
        path = f"{location.path}?{query}{urlencode({'digest': digest})}"
        headers = {"Content-Type": "application/octet-stream"}
        self._sent(Request(location.netloc or self._host, "PUT", path, headers, content))
        return digest

    def _sent(self, request: Request, may_miss: bool = False) -> Response | None:  # noqa: FBT001, FBT002
        try:
            response = self._auth.send(request, f"repository:{self._path}:pull,push")
        except (OSError, HTTPException) as error:
            why = f"registry {request.host} cannot be reached: {error}"
            raise DriverError(ErrorKind.UNREACHABLE, self._what, why) from error
        if may_miss and response.status == MISSING:
            return None
        check(response, self._what, self._host, self._path)
        return response
