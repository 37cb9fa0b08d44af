"""The first lines of a gateway's configuration: comments that hold its routes and its hash.

They let the read path tell the routes, and that nobody changed the file, without the template
engine, whose import costs more than the look itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from typing import NamedTuple

from gitops.drivers.gateway.codec import decode_all, encode
from gitops.drivers.gateway.names import NAMES
from gitops.model.routes import Route

SETTINGS = "3"
"""Goes up with each change of the template, so that a running gateway is given the new one."""

REVISION_MARK = "@gitops-revision@"
"""Stands where the revision belongs while that is being computed."""

PAGES_MARK = "@gitops-pages@"
"""Stands where the pages belong: packed text may differ from one zlib to another, and must not make
another revision of the same routes."""

FIRST_STAMP = 1_000_000_000
"""Seconds since 1970 of the earliest stamp: no clock shows such a time any more."""

PAGE = 10_000
"""Characters of packed routes in a page: HAProxy answers with at most a buffer (16384 bytes)."""

_HEAD = "# gitops-gateway: "
_ROUTE = "# gitops-route: "


class Configuration(NamedTuple):
    """A configuration's text, the routes that it serves, and its revision.

    `text` is the whole file of HAProxy; its first line is the head (settings, revision, hash of
    the rest), then comes a line for each route, then HAProxy's own language. The revision is 12 hex
    digits that depend on the routes and the template alone.
    """

    text: str
    routes: tuple[Route, ...]
    revision: str


class Page(NamedTuple):
    """A part of the packed routes that a gateway tells of itself; `more` says that one follows."""

    settings: str
    revision: str
    packed: str
    more: bool


def stamp(revision: str) -> int:
    """Return the modification time, in seconds since 1970, that the file of a revision is given.

    The time tells that a file was not changed since: the engine shows it in 1 ms, while the file
    itself takes 50 ms to come out of a container (Docker 20.10, which starts a process for it).
    """
    return FIRST_STAMP + int(revision[:7], 16)


def pages(routes: Sequence[Route], revision: str) -> list[str]:
    """Return `routes` as pages that a gateway can answer with: JSON without a single quote."""
    text = "\n".join(encode(route) for route in routes)
    packed = base64.b64encode(zlib.compress(text.encode())).decode()
    last = (len(packed) - 1) // PAGE
    return [
        json.dumps([SETTINGS, revision, packed[number * PAGE : (number + 1) * PAGE], number < last])
        for number in range(last + 1)
    ]


def parse_page(text: str) -> Page | None:
    """Return what a page says; none when it is not one of ours."""
    try:
        settings, revision, packed, more = json.loads(text)
        return Page(str(settings), str(revision), str(packed), bool(more))
    except (ValueError, TypeError):
        return None


def unpack(packed: str) -> tuple[Route, ...] | None:
    """Return the routes of all pages put together; none when they do not fit."""
    try:
        return decode_all(zlib.decompress(base64.b64decode(packed)).decode().splitlines())
    except (ValueError, TypeError, zlib.error):
        return None


def seal(body: str, routes: Sequence[Route]) -> Configuration:
    """Return `body` with its revision and the pages of `routes` filled in, and its header."""
    lines = [f"{_ROUTE}{encode(route)}\n" for route in routes]
    rest = "".join(lines) + body
    revision = _sha256(rest)[:12]
    rest = rest.replace(PAGES_MARK, _answers(pages(routes, revision)))
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
        return Configuration(text, decode_all(_route_lines(rest)), str(head["revision"]))
    except (ValueError, KeyError, TypeError):
        return None


def _answers(texts: Sequence[str]) -> str:
    """Return the rules by which HAProxy answers with the pages."""
    rule = "http-request return status 200 content-type application/json string"
    return "\n".join(
        f"  {rule} '{text}' if {{ path {NAMES.routes_path}{number} }}"
        for number, text in enumerate(texts)
    )


def _route_lines(rest: str) -> list[str]:
    found = []
    for line in rest.split("\n"):
        if not line.startswith(_ROUTE):
            break
        found.append(line.removeprefix(_ROUTE))
    return found


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
