"""Talks HTTP to a gateway's published port."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException
from itertools import count
from typing import NamedTuple

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.gateway.header import SETTINGS, parse_page
from gitops.drivers.gateway.names import NAMES
from gitops.model.observed import ProbeAnswer
from gitops.model.routes import Route

REVISION_TIMEOUT = 2.0
BODY = 500
"""Characters of an app's answer that are kept for the reader."""


class Front(NamedTuple):
    """Where a gateway is reached from here, and what proves that we may probe."""

    host: str
    port: int
    token: str

    def served(self) -> tuple[str, str]:
        """Return the revision that a new connection is served by, or none and why."""
        connection = HTTPConnection(self.host, self.port, timeout=REVISION_TIMEOUT)
        try:
            connection.request("GET", NAMES.revision_path, headers={NAMES.token: self.token})
            response = connection.getresponse()
            text = response.read(BODY).decode(errors="replace")
        except (OSError, HTTPException) as error:
            return "", f"{self.host}:{self.port} does not answer: {error}"
        finally:
            connection.close()
        if response.status == 200:  # noqa: PLR2004 - OK
            return text, ""
        return "", f"{self.host}:{self.port} does not take the probe token (HTTP {response.status})"

    def configuration(self) -> tuple[str, tuple[Route, ...]] | None:
        """Return (revision, routes) that are served; none when they cannot be told.

        That is when nothing answers, or a reload came between two pages, or another version of the
        template made the configuration.
        """
        connection = HTTPConnection(self.host, self.port, timeout=REVISION_TIMEOUT)
        try:
            return self._pages(connection)
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()

    def _pages(self, connection: HTTPConnection) -> tuple[str, tuple[Route, ...]] | None:
        revisions: set[str] = set()
        routes: list[Route] = []
        for number in count():
            path = f"{NAMES.routes_path}{number}"
            connection.request("GET", path, headers={NAMES.token: self.token})
            response = connection.getresponse()
            page = parse_page(response.read().decode(errors="replace"))
            if page is None or page.settings != SETTINGS:
                return None
            revisions.add(page.revision)
            routes.extend(page.routes)
            if not page.more:
                break
        return (revisions.pop(), tuple(routes)) if len(revisions) == 1 else None

    def probe(self, upstream: Route, path: str, timeout: float) -> ProbeAnswer:
        """Ask `upstream` for `path`; status 0 with the error in words when it did not answer.

        Raises UNREACHABLE when it is the gateway that does not answer.
        """
        headers = {
            "Host": upstream.hosts[0] if upstream.hosts else upstream.container,
            "User-Agent": "gitops-probe",
            "Connection": "close",
            NAMES.token: self.token,
            NAMES.container: upstream.container,
            NAMES.port: str(upstream.port),
        }
        connection = HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            self._connect(connection)
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            body = response.read(BODY).decode(errors="replace")
        except TimeoutError:
            return ProbeAnswer(0, "", f"no answer within {timeout:g} s")
        except (OSError, HTTPException) as error:
            return ProbeAnswer(0, "", f"the connection broke: {error}")
        finally:
            connection.close()
        return _answer(response.status, response.headers.get(NAMES.answered, ""), body, upstream)

    def _connect(self, connection: HTTPConnection) -> None:
        try:
            connection.connect()
        except OSError as error:
            raise DriverError(
                ErrorKind.UNREACHABLE,
                f"the gateway at {self.host}:{self.port} cannot be reached",
                str(error),
            ) from error


def _answer(status: int, answered: str, body: str, upstream: Route) -> ProbeAnswer:
    """Tell the app's own answer from one that the gateway gave in its place."""
    if answered == "app":
        return ProbeAnswer(status, body, "")
    if answered == "unresolved":
        return ProbeAnswer(0, "", f"container {upstream.container} has no address: it does not run")
    errors = {
        502: f"{upstream.container} broke off, or its answer on port {upstream.port} is not HTTP",
        503: f"connection refused: nothing listens on port {upstream.port} of {upstream.container}",
        504: f"{upstream.container} accepted the request and did not answer in time",
    }
    if answered == "gateway" and status in errors:
        return ProbeAnswer(0, "", errors[status])
    raise DriverError(
        ErrorKind.FAILED,
        f"the gateway did not pass on the request for {upstream.container} (HTTP {status})",
        "its probe token or its configuration is not ours; the next reconcile restores it",
    )
