"""Chooses how an engine's address is reached: a plain socket, or the SDK for TLS and SSH."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.http import EngineHttp, Observer, SocketHttp, unobserved


def connect_engine(
    address: str, environ: Mapping[str, str], observer: Observer = unobserved
) -> EngineHttp:
    """Return what carries calls to the engine at `address`; nothing is sent yet.

    `unix://PATH` and `tcp://HOST:PORT` are plain; `tcp://` with DOCKER_TLS_VERIFY set in `environ`
    (as for the docker CLI), `https://` and `ssh://` go through the SDK. Raises INVALID for others.
    """
    scheme = urlsplit(address).scheme
    if scheme not in ("unix", "tcp", "http", "https", "ssh"):
        raise DriverError(
            ErrorKind.INVALID,
            f"{address!r} is not the address of an engine",
            "write unix:///path, tcp://host:port or ssh://user@host",
        )
    tls = scheme == "https" or (scheme == "tcp" and bool(environ.get("DOCKER_TLS_VERIFY")))
    if scheme == "ssh" or tls:
        from gitops.drivers.engine.sdk_http import (  # noqa: PLC0415 - 200 ms, remote engines only
            SdkHttp,
        )

        return SdkHttp(address, environ, observer)
    return SocketHttp(address, observer)
