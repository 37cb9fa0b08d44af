"""Renders a gateway's configuration. Imported only when one is written: Jinja2 takes 70 ms."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from gitops.drivers.gateway.header import PAGES_MARK, REVISION_MARK, Configuration, seal
from gitops.drivers.gateway.loading import certificates
from gitops.drivers.gateway.names import (
    CHALLENGE_PATH,
    CHALLENGES_FILE,
    CONNECT,
    NAMES,
    PORT,
    SIDE_COOKIE,
    STATE_FILE,
    TLS_PORT,
    crt_list,
)
from gitops.drivers.gateway.site import duration, make_site, path_condition
from gitops.drivers.gateway.words import check_route
from gitops.model.routes import KEEP_ALIVE, LAST_REQUEST, Route

GRACE = 3600
"""Seconds beyond the longest drain after which an old worker is ended.

An open WebSocket or download of an app that is not replaced outlives the reloads that others cause;
one of a replica that is replaced ends with that replica, after its drain.
"""
SILENCE = 0.2
"""Seconds that a server, which took a connection, is given to say something before it is left."""
SIDE_AGE = 3600
"""Seconds that a client stays on its side of a traffic split."""
_CLIENT = 60.0
_SHARES = 100
"""Of 10000, what one percent is."""


class _Share(NamedTuple):
    """A side of a split, and below which draw of 10000 a new client is put there."""

    app: str
    below: int


class _Split(NamedTuple):
    """The traffic split of one app; `side` and `draw` are variables of HAProxy."""

    app: str
    cookie: str
    side: str
    draw: str
    names: str
    shares: tuple[_Share, ...]
    age: int


class _Turn(NamedTuple):
    """One decision about where a request goes: the first that fits counts."""

    backend: str
    app: str
    condition: str


def render(routes: Iterable[Route], https: int = 0) -> Configuration:
    """Return the configuration for `routes`, the same text for the same set.

    `https` is the port of the machine that HTTPS is published at; 0 redirects nobody there. Raises
    INVALID for what could be read as more than it is.
    """
    ordered = sorted(routes, key=lambda route: route.app)
    for route in ordered:
        check_route(route)
    splits = list(_splits(ordered))
    # The output is HAProxy's language: HTML escapes would break it, and `words` guards it.
    environment = Environment(
        loader=PackageLoader("gitops.drivers.gateway", "."),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701
    )
    body = environment.get_template("haproxy.cfg.j2").render(
        sites=[make_site(route, https) for route in ordered],
        splits=splits,
        turns=_turns(ordered, splits),
        names=NAMES,
        port=PORT,
        tls_port=TLS_PORT,
        certificates=certificates(ordered),
        crt_list=crt_list(REVISION_MARK),
        state_file=STATE_FILE,
        challenges_file=CHALLENGES_FILE,
        challenge_path=CHALLENGE_PATH,
        revision=REVISION_MARK,
        pages=PAGES_MARK,
        keep_alive=duration(KEEP_ALIVE),
        connect=duration(CONNECT),
        silence=duration(SILENCE),
        client=_client(ordered),
        hard_stop=math.ceil(max([LAST_REQUEST, *(route.drain for route in ordered)])) + GRACE,
    )
    return seal(body, ordered)


def _client(routes: Sequence[Route]) -> str:
    """Return the time for a client: never less than an app may take to answer it."""
    times = [route.rules.timeout for route in routes]
    return duration(0.0 if 0 in times else max([_CLIENT, *times]))


def _splits(routes: Sequence[Route]) -> Iterator[_Split]:
    """Give the splits; a side whose route is gone gets nobody, production then has its share."""
    there = {route.app for route in routes}
    for number, route in enumerate(routes):
        shares: list[_Share] = []
        below = 0.0
        for name, percent in route.traffic:
            if name in there and name != route.app and percent > 0:
                below += percent
                shares.append(_Share(name, round(below * _SHARES)))
        if shares:
            everyone = _Share(route.app, 100 * _SHARES)
            yield _Split(
                route.app,
                f"{SIDE_COOKIE}_{route.app}",
                f"side{number}",
                f"draw{number}",
                " ".join([route.app, *(share.app for share in shares)]),
                (*shares, everyone),
                SIDE_AGE,
            )


def _turns(routes: Sequence[Route], splits: Sequence[_Split]) -> list[_Turn]:
    """Return the decisions: the longest prefix of all routes first, and sides before their app."""
    by_app = {split.app: split for split in splits}
    prefixes = [(prefix, route.app) for route in routes for prefix in route.rules.prefixes]
    turns = []
    for prefix, app in sorted(prefixes, key=lambda each: (-len(each[0]), each)):
        for condition in path_condition(prefix):
            path = f" {condition}" if condition else ""
            split = by_app.get(app)
            for share in split.shares[:-1] if split else ():
                side = f"{{ var(txn.{split.side}) -m str {share.app} }}" if split else ""
                turns.append(_Turn(share.app, app, f"{path} {side}"))
            turns.append(_Turn(app, app, path))
    return turns
