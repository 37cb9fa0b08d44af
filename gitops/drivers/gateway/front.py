"""Hears over HTTP, at its published port, what a gateway tells of itself."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException
from itertools import count
from typing import NamedTuple

from gitops.drivers.gateway.header import SETTINGS, parse_page, unpack
from gitops.drivers.gateway.names import NAMES
from gitops.model.routes import Route

REVISION_TIMEOUT = 2.0
STATS_TIMEOUT = 10.0
_WORD = 500
"""Characters that are read of what the gateway tells in one word."""
_OK = 200


class Front(NamedTuple):
    """Where a gateway is reached from here, and what proves that we may probe."""

    host: str
    port: int
    token: str

    def served(self) -> tuple[str, str]:
        """Return the revision that a new connection is served by, or none and why."""
        return self._told(NAMES.revision_path)

    def challenges(self) -> str:
        """Return the mark of the challenges that a new connection is answered; see `challenges`."""
        return self._told(NAMES.challenges_path)[0]

    def stats(self) -> str:
        """Return HAProxy's statistics as CSV; empty when the gateway does not answer."""
        connection = HTTPConnection(self.host, self.port, timeout=STATS_TIMEOUT)
        try:
            connection.request("GET", f"{NAMES.stats_path};csv", headers={NAMES.token: self.token})
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        except (OSError, HTTPException):
            return ""
        finally:
            connection.close()
        return text if response.status == _OK else ""

    def _told(self, path: str) -> tuple[str, str]:
        """Return what the gateway tells of itself at `path`, or none and why."""
        connection = HTTPConnection(self.host, self.port, timeout=REVISION_TIMEOUT)
        try:
            connection.request("GET", path, headers={NAMES.token: self.token})
            response = connection.getresponse()
            text = response.read(_WORD).decode(errors="replace")
        except (OSError, HTTPException) as error:
            return "", f"{self.host}:{self.port} does not answer: {error}"
        finally:
            connection.close()
        if response.status == _OK:
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
        packed: list[str] = []
        for number in count():
            path = f"{NAMES.routes_path}{number}"
            connection.request("GET", path, headers={NAMES.token: self.token})
            response = connection.getresponse()
            page = parse_page(response.read().decode(errors="replace"))
            if page is None or page.settings != SETTINGS:
                return None
            revisions.add(page.revision)
            packed.append(page.packed)
            if not page.more:
                break
        routes = unpack("".join(packed))
        return (revisions.pop(), routes) if routes is not None and len(revisions) == 1 else None
