"""Renders a gateway's configuration. Imported only when one is written: Jinja2 takes 70 ms."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from jinja2 import Environment, PackageLoader, StrictUndefined

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.gateway.header import REVISION_MARK, Configuration, pages, seal
from gitops.drivers.gateway.names import NAMES, PORT
from gitops.model.routes import KEEP_ALIVE, LAST_REQUEST, Route

GRACE = 10
"""Seconds beyond the longest drain after which an old worker is ended."""

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def render(routes: Iterable[Route]) -> Configuration:
    """Return the configuration for `routes`, the same text for the same set.

    Raises INVALID for a name that could be read as more than a name.
    """
    ordered = sorted(routes)
    for route in ordered:
        _check(route)
    # The output is HAProxy's language: HTML escapes would break it, and `_check` guards it.
    environment = Environment(
        loader=PackageLoader("gitops.drivers.gateway", "."),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701
    )
    body = environment.get_template("haproxy.cfg.j2").render(
        routes=ordered,
        names=NAMES,
        port=PORT,
        revision=REVISION_MARK,
        pages=pages(ordered),
        keep_alive=f"{KEEP_ALIVE:g}s",
        hard_stop=math.ceil(max([LAST_REQUEST, *(route.drain for route in ordered)])) + GRACE,
    )
    return seal(body, ordered)


def _check(route: Route) -> None:
    for word in (route.app, route.container, *route.hosts):
        if not _WORD.fullmatch(word):
            raise DriverError(
                ErrorKind.INVALID,
                f"the route of {route.app} cannot be configured",
                f"{word!r} is not a name of letters, digits, '.', '_' and '-'",
            )
    if not route.hosts or not 0 < route.port < 65536:  # noqa: PLR2004 - TCP
        raise DriverError(
            ErrorKind.INVALID,
            f"the route of {route.app} cannot be configured",
            f"it needs a host name and a port from 1 to 65535, found port {route.port} and"
            f" {len(route.hosts)} host names",
        )
