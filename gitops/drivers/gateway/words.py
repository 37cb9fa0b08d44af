"""Keeps what users write from being read as HAProxy's language: what a route may hold, and quoting.

Names and addresses are refused unless they are plain; free text is written as bytes. Configuration
manual, 2.2: https://docs.haproxy.org/2.6/configuration.html#2.2
"""

from __future__ import annotations

import ipaddress
import re
import string
from collections.abc import Iterator

from gitops.drivers.base import DriverError, ErrorKind
from gitops.model.routes import Check, Route, Rules, Server

PAGE_LIMIT = 8192
"""Bytes of a maintenance page: HAProxy answers with at most a buffer (16384 bytes) at once."""

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_PREFIX = re.compile(r"/|(/[A-Za-z0-9._~%+@:,=-]+)+")
_PATH = re.compile(r"/[!-~]*")
_USER_HASH = re.compile(r"[0-9A-F]{64}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PLAIN = frozenset((string.ascii_letters + string.digits + "-_./").encode())
_LONGEST = 2_000_000.0
"""Seconds: HAProxy counts time in 31 bits of milliseconds."""


def quote(text: str) -> str:
    """Return one word of HAProxy's language that stands for `text`, whatever is in it."""
    return "".join(chr(byte) if byte in _PLAIN else f"\\x{byte:02x}" for byte in text.encode())


def is_word(text: str) -> bool:
    """Say whether `text` can be a name in a configuration, and of a file."""
    return _WORD.fullmatch(text) is not None


def networks(rules: Rules) -> tuple[str, ...]:
    """Return the allowed networks as HAProxy reads them: `10.0.0.0/8`."""
    return tuple(str(ipaddress.ip_network(each, strict=False)) for each in rules.allow)


def check_route(route: Route) -> None:
    """Raise INVALID, with what was found, for a route that cannot be configured as it stands."""
    for problem in _problems(route):
        raise DriverError(
            ErrorKind.INVALID, f"the route of {route.app} cannot be configured", problem
        )


def _problems(route: Route) -> Iterator[str]:
    for word in (route.app, *route.hosts, *(server.container for server in route.servers)):
        if not is_word(word):
            yield f"{word!r} is not a name of letters, digits, '.', '_' and '-'"
    if not route.hosts:
        yield "it needs a host name"
    yield from _seconds("drain", route.drain)
    for server in route.servers:
        yield from _server(server)
    if route.check is not None:
        yield from _check(route.check)
    yield from _rules(route.rules)
    yield from _traffic(route)


def _server(server: Server) -> Iterator[str]:
    if not 0 < server.port < 65536:  # noqa: PLR2004 - TCP
        yield f"{server.container} needs a port from 1 to 65535, found {server.port}"
    if not is_address(server.address):
        yield f"{server.container} needs an IPv4 address, found {server.address!r}"


def is_address(text: str) -> bool:
    """Say whether `text` is an IPv4 address that a container can have."""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return not (address.is_unspecified or address.is_multicast)


def _check(check: Check) -> Iterator[str]:
    if check.path and not _PATH.fullmatch(check.path):
        yield f"{check.path!r} is not a path that can be asked for"
    for low, high in check.statuses:
        if not 100 <= low <= high <= 599:  # noqa: PLR2004 - HTTP
            yield f"{low}-{high} is not a range of HTTP statuses"
    if check.path and not check.statuses:
        yield f"the check of {check.path} needs a status that is well"
    if not 1 <= check.failures <= 1000:  # noqa: PLR2004 - more is a mistake
        yield f"failures of a check are from 1 to 1000, found {check.failures}"
    yield from _seconds("the check's interval", check.interval, 0.001)
    yield from _seconds("the check's timeout", check.timeout, 0.001)


def _rules(rules: Rules) -> Iterator[str]:
    if not rules.prefixes:
        yield "it needs a path prefix; / is all paths"
    for prefix in rules.prefixes:
        if not _PREFIX.fullmatch(prefix):
            yield f"{prefix!r} is not a path prefix such as /api"
    if rules.certificate and not is_word(rules.certificate):
        yield f"{rules.certificate!r} is not the name of a certificate"
    if rules.body_limit < 0:
        yield f"the body limit is 0 or more bytes, found {rules.body_limit}"
    if len(rules.maintenance.encode()) > PAGE_LIMIT or _CONTROL.search(rules.maintenance):
        yield f"the maintenance page is a text of at most {PAGE_LIMIT} bytes"
    yield from _seconds("timeout", rules.timeout)
    yield from _admission(rules)


def _admission(rules: Rules) -> Iterator[str]:
    for each in rules.allow:
        if not _is_network(each):
            yield f"{each!r} is not a network such as 10.0.0.0/8"
    for name, key in rules.users:
        if not _USER_HASH.fullmatch(key):
            yield f"user {name} needs a hash of 64 upper-case hex digits"


def _traffic(route: Route) -> Iterator[str]:
    for name, percent in route.traffic:
        if not is_word(name):
            yield f"{name!r} is not the name of a route"
        if not 0 <= percent <= 100:  # noqa: PLR2004 - percent
            yield f"{name} gets from 0 to 100 percent of the requests, found {percent:g}"
    if sum(percent for _, percent in route.traffic) > 100:  # noqa: PLR2004 - percent
        yield "its other sides get more than 100 percent of the requests"


def _seconds(what: str, value: float, least: float = 0.0) -> Iterator[str]:
    if not least <= value <= _LONGEST:
        yield f"{what} is from {least:g} to {_LONGEST:g} seconds, found {value:g}"


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
