"""The docker SDK's client: made at first use, shared by threads, its errors in our words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any

import docker
import docker.errors
import requests
from docker.utils import kwargs_from_env

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.http import Observer, unobserved
from gitops.drivers.engine.words import kind_of_message

TIMEOUT = 60
POOL = 128
"""Connections kept for an address: more than there are threads.

The SDK has a pool for each address, and drops the one that was used least. A pool that is dropped
when it is full fails whoever comes back to it (urllib3 asks it for its size), which many threads
that use one address make likely.
"""

_BAD_REQUEST = 400
_STATUSES = {
    _BAD_REQUEST: ErrorKind.INVALID,
    401: ErrorKind.DENIED,
    403: ErrorKind.DENIED,
    404: ErrorKind.MISSING,
    409: ErrorKind.CONFLICT,
}


class _ObservedClient(docker.APIClient):
    """Tells the observer of each call."""

    observer: Observer = staticmethod(unobserved)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - as in requests
        self.observer(str(request.method), request.path_url)
        return super().send(request, **kwargs)


class SdkClient:
    """One client for all threads; it connects, and agrees on an API version, at first use."""

    def __init__(
        self, address: str, environ: Mapping[str, str], observer: Observer = unobserved
    ) -> None:
        self._address = address
        self._environ = environ
        self._observer = observer
        self._lock = Lock()
        self._api: _ObservedClient | None = None

    @contextmanager
    def use(self, what: str) -> Iterator[docker.APIClient]:
        """Give the client; errors inside become `DriverError`s that say `what` failed."""
        with translated(what, self._address):
            with self._lock:
                api = self._api = self._api or self._connect()
            yield api

    def close(self) -> None:
        """Close what is open; the next use opens it anew."""
        with self._lock:
            api, self._api = self._api, None
        if api is not None:
            api.close()

    def _connect(self) -> _ObservedClient:
        tls = kwargs_from_env(dict(self._environ)).get("tls") or False
        if not self._address.startswith(("tcp:", "https:")):
            tls = False
        api = _ObservedClient(self._address, timeout=TIMEOUT, max_pool_size=POOL, tls=tls)
        api.observer = self._observer
        return api


@contextmanager
def translated(what: str, address: str) -> Iterator[None]:
    """Turn every error of the SDK and of requests into a `DriverError` that says `what` failed."""
    try:
        yield
    except docker.errors.APIError as error:
        detail = str(error.explanation or error)
        kind = kind_of_message(detail)
        # "permission denied" of a program that is none is not the registry's word for no login.
        refused = kind is ErrorKind.DENIED and error.status_code == _BAD_REQUEST
        if kind is ErrorKind.FAILED or kind is ErrorKind.MISSING or refused:
            kind = _STATUSES.get(error.status_code or 0, kind)
        raise DriverError(kind, what, detail) from error
    except requests.exceptions.ReadTimeout as error:
        raise DriverError(
            ErrorKind.TIMEOUT, what, f"the engine at {address} did not answer in time"
        ) from error
    except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as error:
        text = str(error)
        denied = "Permission denied" in text
        raise DriverError(
            ErrorKind.DENIED if denied else ErrorKind.UNREACHABLE,
            what,
            f"the Docker engine at {address} "
            + ("may not be used by this user" if denied else f"cannot be reached: {text}"),
        ) from error
