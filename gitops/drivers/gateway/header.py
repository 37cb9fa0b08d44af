"""The first lines of a gateway's configuration: comments that hold its routes and its hash.

They let the read path tell the routes, and that nobody changed the file, without the template
engine, whose import costs more than the look itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import NamedTuple

from gitops.model.routes import Route

SETTINGS = "2"
"""Goes up with each change of the template, so that a running gateway is given the new one."""

REVISION_MARK = "@gitops-revision@"
"""Stands where the revision belongs while that is being computed."""

FIRST_STAMP = 1_000_000_000
"""Seconds since 1970 of the earliest stamp: no clock shows such a time any more."""

PAGE = 6000
"""Characters of a page of routes: HAProxy answers with at most a buffer (16384 bytes) at once."""

_HEAD = "# gitops-gateway: "
_ROUTE = "# gitops-route: "


class Configuration(NamedTuple):
    """A configuration's text, its routes and its revision."""

    text: str
    routes: tuple[Route, ...]
    revision: str


class Page(NamedTuple):
    """A part of the routes that a gateway tells of itself. `more` says that another one follows."""

    settings: str
    revision: str
    routes: tuple[Route, ...]
    more: bool


def stamp(revision: str) -> int:
    """Return the modification time, in seconds since 1970, that the file of a revision is given.

    The time tells that a file was not changed since: the engine shows it in 1 ms, while the file
    itself takes 50 ms to come out of a container (Docker 20.10, which starts a process for it).
    """
    return FIRST_STAMP + int(revision[:7], 16)


def pages(routes: Sequence[Route]) -> list[str]:
    """Return `routes` as pages that a gateway can answer with, each one JSON text."""
    parts: list[list[Route]] = [[]]
    size = 0
    for route in routes:
        size += len(json.dumps(route))
        if size > PAGE and parts[-1]:
            parts.append([])
            size = len(json.dumps(route))
        parts[-1].append(route)
    last = len(parts) - 1
    return [
        json.dumps([SETTINGS, REVISION_MARK, part, number < last], separators=(",", ":"))
        for number, part in enumerate(parts)
    ]


def parse_page(text: str) -> Page | None:
    """Return what a page says; none when it is not one of ours."""
    try:
        settings, revision, routes, more = json.loads(text)
        return Page(str(settings), str(revision), tuple(map(_route, routes)), bool(more))
    except (ValueError, TypeError):
        return None


def seal(body: str, routes: Sequence[Route]) -> Configuration:
    """Return `body` with its revision (12 hex digits over all of it) filled in, and its header."""
    lines = [f"{_ROUTE}{json.dumps(route, separators=(',', ':'))}\n" for route in routes]
    rest = "".join(lines) + body
    revision = _sha256(rest)[:12]
    rest = rest.replace(REVISION_MARK, revision)
    head = {"settings": SETTINGS, "revision": revision, "sha256": _sha256(rest)}
    return Configuration(f"{_HEAD}{json.dumps(head)}\n{rest}", tuple(routes), revision)


def unseal(text: str) -> Configuration | None:
    """Return what `text` configures; none when it is not, to the byte, as `seal` made it."""
    first, _, rest = text.partition("\n")
    try:
        head = json.loads(first.removeprefix(_HEAD))
        if head["settings"] != SETTINGS or head["sha256"] != _sha256(rest):
            return None
        return Configuration(text, tuple(_routes(rest)), str(head["revision"]))
    except (ValueError, KeyError, TypeError):
        return None


def _routes(rest: str) -> list[Route]:
    found = []
    for line in rest.splitlines():
        if not line.startswith(_ROUTE):
            break
        found.append(_route(json.loads(line.removeprefix(_ROUTE))))
    return found


def _route(fields: tuple[str, list[str], str, int, float, int]) -> Route:
    app, hosts, container, port, drain, epoch = fields
    return Route(app, tuple(hosts), container, port, drain, epoch)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
