"""Asks a container through the gateway, whether a route leads to it or not."""

from __future__ import annotations

import time
from http.client import HTTPConnection, HTTPException
from typing import NamedTuple

from gitops.drivers.base import DriverError, ErrorKind, Upstream
from gitops.drivers.gateway.front import Front
from gitops.drivers.gateway.names import CONNECT, NAMES
from gitops.model.observed import ProbeAnswer
from gitops.model.probing import Fault

BODY = 500
"""Characters of an app's answer that are kept for the reader."""
_BAD_GATEWAY, _UNAVAILABLE, _GATEWAY_TIMEOUT = 502, 503, 504


class _Heard(NamedTuple):
    """An answer, who gave it (the app, or the gateway in its place), and after how many seconds."""

    status: int
    body: str
    answered: str
    seconds: float


def probe(front: Front, upstream: Upstream, path: str, timeout: float) -> ProbeAnswer:
    """Ask `upstream` for `path`; status 0 with the error in words when it did not answer.

    Raises UNREACHABLE when it is the gateway that does not answer.
    """
    try:
        heard = _ask(front, upstream, ("GET", path, {}), timeout)
    except TimeoutError:
        return ProbeAnswer(0, "", f"no answer within {timeout:g} s", Fault.HUNG)
    except (OSError, HTTPException) as error:
        return ProbeAnswer(0, "", f"the connection broke: {error}", Fault.BROKEN)
    return _answer(heard, upstream)


def connects(front: Front, upstream: Upstream, timeout: float) -> str:
    """Return why `upstream` takes no connection, or an empty string.

    It is sent a HEAD request, which it need not understand: a broken answer is as good as any, and
    so is none (the gateway waits 0.2 s). Raises UNREACHABLE when it is the gateway that does not
    answer.
    """
    try:
        heard = _ask(front, upstream, ("HEAD", "/", {NAMES.connect: "1"}), timeout)
    except TimeoutError:
        return f"no connection within {timeout:g} s"
    except (OSError, HTTPException) as error:
        return f"the connection to the gateway broke: {error}"
    answer = _answer(heard, upstream)
    taken = answer.status or heard.status in (_BAD_GATEWAY, _GATEWAY_TIMEOUT)
    return "" if taken else answer.error


def _ask(
    front: Front, upstream: Upstream, request: tuple[str, str, dict[str, str]], timeout: float
) -> _Heard:
    method, path, extra = request
    headers = {
        "Host": upstream.host or upstream.server.container,
        "User-Agent": "gitops-probe",
        "Connection": "close",
        NAMES.token: front.token,
        NAMES.address: upstream.server.address,
        NAMES.port: str(upstream.server.port),
        **extra,
    }
    connection = HTTPConnection(front.host, front.port, timeout=timeout)
    started = time.monotonic()
    try:
        _connect(connection, front)
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        body = response.read(BODY).decode(errors="replace")
    finally:
        connection.close()
    answered = response.headers.get(NAMES.answered, "")
    return _Heard(response.status, body, answered, time.monotonic() - started)


def _connect(connection: HTTPConnection, front: Front) -> None:
    try:
        connection.connect()
    except OSError as error:
        raise DriverError(
            ErrorKind.UNREACHABLE,
            f"the gateway at {front.host}:{front.port} cannot be reached",
            str(error),
        ) from error


def _answer(heard: _Heard, upstream: Upstream) -> ProbeAnswer:
    """Tell the app's own answer from one that the gateway gave in its place."""
    name, port, address = upstream.server
    if heard.answered == "app":
        return ProbeAnswer(heard.status, heard.body, "")
    if heard.answered == "unaddressed":
        return ProbeAnswer(0, "", f"container {name} has no address, found {address!r}")
    refused = f"connection refused: nothing listens on port {port} of {name}"
    silent = f"{name} ({address}) takes no connection on port {port}: it may not run"
    errors = {
        _BAD_GATEWAY: (f"{name} broke off, or its answer on port {port} is not HTTP", Fault.BROKEN),
        _UNAVAILABLE: (refused, Fault.REFUSED)
        if heard.seconds < CONNECT
        else (silent, Fault.SILENT),
        _GATEWAY_TIMEOUT: (f"{name} accepted the request and did not answer in time", Fault.HUNG),
    }
    if heard.answered == "gateway" and heard.status in errors:
        return ProbeAnswer(0, "", *errors[heard.status])
    raise DriverError(
        ErrorKind.FAILED,
        f"the gateway did not pass on the request for {name} (HTTP {heard.status})",
        "its probe token or its configuration is not ours; the next reconcile restores it",
    )
