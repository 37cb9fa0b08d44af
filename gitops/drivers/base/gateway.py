"""Gateways: looking at one, and changing what it serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:  # for annotations alone: a run of a task would wait for them
    from gitops.model.observed import GatewayState, ProbeAnswer
    from gitops.model.routes import Route, Server, ServerHealth


class Upstream(NamedTuple):
    """A server to be asked, routed or not, and the host name that it is asked for."""

    host: str
    server: Server


class GatewayReader(Protocol):
    """Looks at a gateway."""

    def state(self, container: str) -> GatewayState:
        """Return what it is configured to serve, and what it serves."""
        ...

    def health(self, container: str) -> tuple[ServerHealth, ...]:
        """Return what its checks say of each server of each route; none when it does not answer."""
        ...


class GatewayWriter(Protocol):
    """Changes what a gateway serves, and asks apps through it."""

    def switch(self, container: str, changes: Mapping[str, Route | None]) -> str:
        """Set the route of each app (None: take it away) in one step; return the new revision.

        The new configuration is checked before use; INVALID leaves the old one serving. Returns
        when the new one is known to be the one that is served.
        """
        ...

    def restore(self, container: str, routes: Sequence[Route]) -> str:
        """Write the whole configuration anew, whatever is there; return its revision.

        In a container that does not run yet it is only written, and is read when that starts.
        """
        ...

    def draining(self, container: str) -> int:
        """Return how many processes still serve requests by a previous configuration."""
        ...

    def probe(self, container: str, upstream: Upstream, path: str, timeout: float) -> ProbeAnswer:
        """Ask `upstream` for `path` through the gateway, routed or not."""
        ...

    def connects(self, container: str, upstream: Upstream, timeout: float) -> str:
        """Return why the server takes no connection from the gateway, or an empty string."""
        ...

    def put_certificate(self, container: str, name: str, pem: bytes) -> None:
        """Keep a certificate (key, certificate and chain, PEM) where routes find it by its name.

        It outlives the gateway's container. Those that no route names are dropped with the next
        `switch`.
        """
        ...

    def answer_challenges(self, container: str, answers: Mapping[str, str]) -> None:
        """Answer `/.well-known/acme-challenge/TOKEN` (RFC 8555, 8.3) with these texts by token, on
        every host name; an empty mapping ends it. Returns when that is what is served.
        """
        ...
