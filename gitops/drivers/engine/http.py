"""The Engine API over a plain socket: the read path, where a millisecond counts.

Only `http.client` is needed for a local engine: importing the SDK costs ten times what the calls
do. Engine API: https://docs.docker.com/reference/api/engine/
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gitops.drivers.base import Cancel, DriverError, ErrorKind
from gitops.drivers.engine.stream import open_stream
from gitops.drivers.engine.words import brief

if TYPE_CHECKING:  # loaded with the first call: a task's first step need not wait for it
    from http.client import HTTPConnection

TIMEOUT = 30.0
"""Seconds until a call that gets no byte is given up."""

PATH_STAT = "X-Docker-Container-Path-Stat"

Observer = Callable[[str, str], None]
"""Is told (method, path) of each call before it is made, so that a test can count them."""


def unobserved(_method: str, _path: str) -> None:
    """Observe nothing."""


class Call(NamedTuple):
    """One request; `body` is sent as JSON, or, as bytes, as a tar archive."""

    method: str
    path: str
    body: object = None


class Answer(NamedTuple):
    """A status, the whole body, the engine's clock (the Date header), and what a file is.

    `path_stat` is the header X-Docker-Container-Path-Stat: base64 of JSON (ContainerArchiveInfo).
    """

    status: int
    body: bytes
    date: str
    path_stat: str = ""

    def json(self) -> object:
        """Return the body as JSON."""
        return json.loads(self.body)

    @property
    def message(self) -> str:
        """What the engine says went wrong."""
        try:
            return brief(str(json.loads(self.body)["message"]))
        except (ValueError, KeyError, TypeError):
            return self.body.decode(errors="replace").strip()[:500]


class EngineHttp(Protocol):
    """Carries calls to an engine."""

    def call(self, method: str, path: str, body: object = None) -> Answer:
        """Make one call; raise `DriverError` when no answer comes."""
        ...

    def calls(self, calls: Sequence[Call]) -> list[Answer]:
        """Make several calls at the same time, in no order; answers come in the order of calls."""
        ...

    def stream(self, path: str, cancel: Cancel) -> Iterator[bytes]:
        """Ask (GET) for what goes on for ever, and give it as it comes, until `cancel` is raised.

        The engine has accepted when this returns. Ends as well when the engine goes away, and at
        once when it is not there or answers with an error.
        """
        ...

    def close(self) -> None:
        """Close what is open; the next call opens it anew."""
        ...


class SocketHttp:
    """Keeps idle connections for any thread; calls made together go out before any is read."""

    def __init__(self, address: str, observer: Observer = unobserved) -> None:
        self._address = address
        self._observer = observer
        # A list's append and pop are atomic, so threads need no lock to share it.
        self._idle: list[HTTPConnection] = []

    def call(self, method: str, path: str, body: object = None) -> Answer:
        """Make one call; see `EngineHttp`."""
        return self.calls([Call(method, path, body)])[0]

    def calls(self, calls: Sequence[Call]) -> list[Answer]:
        """Make several calls at the same time; see `EngineHttp`."""
        used: list[HTTPConnection] = []
        try:
            with reaching(self._address):
                for call in calls:
                    used.append(self._take())
                    self._observer(call.method, call.path)
                    _send(used[-1], call)
                answers = [_receive(connection) for connection in used]
        except BaseException:
            # A connection with an answer still in it must not serve the next call.
            _close(used)
            raise
        self._idle.extend(used)
        return answers

    def stream(self, path: str, cancel: Cancel) -> Iterator[bytes]:
        """Give an answer that goes on for ever; see `EngineHttp`."""
        self._observer("GET", path)
        return open_stream(self._address, path, cancel)

    def close(self) -> None:
        """Close the idle connections; the next call opens new ones."""
        idle, self._idle = self._idle, []
        _close(idle)

    def _take(self) -> HTTPConnection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _connect(self) -> HTTPConnection:
        from gitops.drivers.engine.sockets import connection  # noqa: PLC0415 - see above

        return connection(self._address, TIMEOUT)


def _close(connections: Iterable[HTTPConnection]) -> None:
    for connection in connections:
        connection.close()


def _send(connection: HTTPConnection, call: Call) -> None:
    """Send a call, once more on a new connection when the engine has closed the idle one."""
    payload, headers = _payload(call.body)
    if connection.sock is not None and _was_closed(connection.sock):
        connection.close()
    connection.request(call.method, call.path, payload, headers)


def _payload(body: object) -> tuple[bytes | None, dict[str, str]]:
    """Return what is sent for `body`, and the header that names its kind."""
    if body is None:
        return None, {}
    if isinstance(body, bytes):
        return body, {"Content-Type": "application/x-tar"}
    return json.dumps(body).encode(), {"Content-Type": "application/json"}


def _was_closed(sock: socket.socket) -> bool:
    """Say whether the other side has hung up: an idle connection has nothing to read."""
    sock.settimeout(0)
    try:
        return sock.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        sock.settimeout(TIMEOUT)


def _receive(connection: HTTPConnection) -> Answer:
    response = connection.getresponse()
    body = response.read()
    headers = response.headers
    return Answer(response.status, body, headers.get("Date", ""), headers.get(PATH_STAT, ""))


def _failures() -> tuple[type[Exception], ...]:
    from http.client import HTTPException  # noqa: PLC0415 - see above

    return OSError, HTTPException


@contextmanager
def reaching(address: str) -> Iterator[None]:
    """Turn what goes wrong on the way to an engine and back into a `DriverError`."""
    what = f"the Docker engine at {address}"
    try:
        yield
    except PermissionError as error:
        raise DriverError(
            ErrorKind.DENIED,
            f"{what} may not be used by this user",
            "add the user to the group that owns the socket (usually `docker`), or run as root",
        ) from error
    except TimeoutError as error:
        raise DriverError(
            ErrorKind.TIMEOUT, f"{what} did not answer in {TIMEOUT:g} s", "see `docker info`"
        ) from error
    except _failures() as error:
        raise DriverError(
            ErrorKind.UNREACHABLE,
            f"{what} cannot be reached ({error})",
            "start it (`systemctl start docker`), or name another with DOCKER_HOST or the target's"
            " `engine`",
        ) from error


def expect(answer: Answer, what: str) -> Answer:
    """Return `answer` if it is a success; raise `DriverError` saying that `what` failed."""
    if answer.status < 300:  # noqa: PLR2004 - success in HTTP
        return answer
    kinds = {400: ErrorKind.INVALID, 403: ErrorKind.DENIED, 404: ErrorKind.MISSING}
    kinds[409] = ErrorKind.CONFLICT
    raise DriverError(kinds.get(answer.status, ErrorKind.FAILED), what, answer.message)
