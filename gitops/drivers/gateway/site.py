"""One route as HAProxy's language: its backend's rules, checks and servers.

Configuration manual: https://docs.haproxy.org/2.6/configuration.html
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gitops.drivers.gateway.names import AFFINITY_COOKIE, CHALLENGE_PATH, CHECK_AGENT
from gitops.drivers.gateway.states import SPARE
from gitops.drivers.gateway.words import networks, quote
from gitops.model.routes import Check, Route, Rules, Server

LONGEST = "24d"
"""HAProxy counts time in 31 bits of milliseconds, and takes none for a mistake."""

COMPRESSED = (
    "text/html text/plain text/css text/xml text/csv text/markdown text/javascript"
    " application/javascript application/json application/xml application/manifest+json"
    " application/wasm image/svg+xml"
)
"""Media types that get smaller; streams of events (text/event-stream) are not among them."""

_CONNECTS = Check("", (), 2.0, 2.0, 2)
"""What servers of a route without a check of its own are asked: that one died must be seen."""
_WORDS = 20
"""Patterns in a line: HAProxy reads 64 words of one."""


class Site(NamedTuple):
    """What the template writes for one route: `hosts` in lines, then its backend."""

    app: str
    hosts: tuple[str, ...]
    timeout: str
    rules: tuple[str, ...]
    servers: tuple[str, ...]


def make_site(route: Route, https: int) -> Site:
    """Return a route's part of a configuration; `https` is the published port, or 0."""
    check = route.check or (_CONNECTS if len(route.servers) > 1 else None)
    return Site(
        app=route.app,
        hosts=tuple(lines(route.hosts)),
        timeout=duration(route.rules.timeout),
        rules=(*_rules(route, https), *_checks(route, check)),
        servers=tuple(_servers(route, check)),
    )


def duration(seconds: float) -> str:
    """Return a time in milliseconds; 0 is as long as can be."""
    return f"{round(seconds * 1000)}ms" if seconds else LONGEST


def lines(words: Sequence[str]) -> list[str]:
    """Return words in as many lines as HAProxy can read them."""
    return [" ".join(words[at : at + _WORDS]) for at in range(0, len(words), _WORDS)]


def path_condition(prefix: str) -> list[str]:
    """Return the alternative conditions that a path is `prefix` or below it; one is none at all."""
    if prefix == "/":
        return [""]
    return [f"{{ path -m str {prefix} }}", f"{{ path -m beg {prefix}/ }}"]


def _rules(route: Route, https: int) -> Iterator[str]:
    """Give what is done with a request, in the order in which it is done."""
    rules = route.rules
    if rules.redirect and rules.certificate and https:
        yield _redirect(https)
    if rules.allow:
        yield from (f"acl allowed src {each}" for each in lines(networks(rules)))
        yield "http-request deny deny_status 403 unless allowed"
    if rules.maintenance:
        yield _page(rules.maintenance)
    if rules.users:
        yield from _login(route)
    if not route.servers:
        text = quote(f"No container of {route.app} runs.\n")
        yield f"http-request return status 503 content-type text/plain string {text}"
    if rules.body_limit:
        yield from _limit(rules.body_limit)
    yield from _stripping(rules)
    yield from _answers(route)


def _answers(route: Route) -> Iterator[str]:
    """Give what is done with an answer."""
    if route.rules.compression:
        yield "compression algo gzip"
        yield f"compression type {COMPRESSED}"
    if route.rules.affinity:
        yield f"cookie {_affinity_cookie(route)} insert indirect nocache httponly"


def _page(html: str) -> str:
    return (
        "http-request return status 503 content-type text/html;charset=utf-8"
        f" string {quote(html)} hdr retry-after 60 hdr cache-control no-store"
    )


def _redirect(https: int) -> str:
    port = "" if https == 443 else f":{https}"  # noqa: PLR2004 - the default of HTTPS
    return (
        f'http-request redirect code 308 location "https://%[var(txn.host)]{port}%[pathq]"'
        f" unless {{ ssl_fc }} or {{ path -m beg {CHALLENGE_PATH} }}"
    )


def _login(route: Route) -> Iterator[str]:
    """Ask for a name and a password (RFC 7617), which are not in the file and reach no app.

    Users are the upper-case hex digits of HMAC-SHA256 with the app's name as the key, over the
    whole value of the `Authorization` header: that is what HAProxy computes of what it is sent.
    """
    key = base64.b64encode(route.app.encode()).decode()
    yield f"http-request set-var(txn.login) req.fhdr(authorization),hmac(sha256,{key}),hex"
    for hashes in lines([each for _, each in route.rules.users]):
        yield f"acl known_user var(txn.login) -m str {hashes}"
    realm = quote(f'Basic realm="{route.app}", charset="UTF-8"')
    yield (
        "http-request return status 401 content-type text/plain string Unauthorized\\n"
        f" hdr www-authenticate {realm} unless known_user"
    )
    yield "http-request del-header authorization"


def _limit(size: int) -> Iterator[str]:
    """Refuse what is too large, and what does not tell how large it is: it could not be stopped."""
    plain = "content-type text/plain string"
    large = quote(f"The request is larger than {size} bytes.\n")
    unknown = quote("The request must tell its length (Content-Length).\n")
    untold = "!{ req.hdr(content-length) -m found } !{ req.hdr(upgrade) -m found }"
    too_large = f"{{ req.hdr_val(content-length) gt {size} }}"
    # A request by HTTP/2 that is answered while it is still sent may be cut off unanswered.
    yield f"http-request wait-for-body time 1s if {too_large}"
    yield f"http-request return status 413 {plain} {large} if {too_large}"
    yield (
        f"http-request return status 411 {plain} {unknown}"
        " if { req.hdr(transfer-encoding) -m found }"
    )
    # By HTTP/2 there may be a body without a word about it; where there is none, nothing waits.
    yield f"http-request wait-for-body time 1s at-least 1 if {untold}"
    yield f"http-request return status 411 {plain} {unknown} if {untold} {{ req.body_len gt 0 }}"


def _stripping(rules: Rules) -> Iterator[str]:
    prefixes = [each for each in sorted(rules.prefixes, key=_longest_first) if each != "/"]
    if not rules.strip_prefix or not prefixes:
        return
    # All is decided by the path that came: `/api/api` loses one of them.
    for prefix in prefixes:
        for condition in path_condition(prefix):
            yield (
                f"http-request set-var(txn.prefix) str({prefix})"
                f" if !{{ var(txn.prefix) -m found }} {condition}"
            )
    found = "{ var(txn.prefix) -m found }"
    yield f"http-request set-header x-forwarded-prefix %[var(txn.prefix)] if {found}"
    for prefix in prefixes:
        pattern = prefix.replace(".", "[.]").replace("+", "[+]")
        yield (
            f"http-request replace-path '^{pattern}/*(.*)$' '/\\1'"
            f" if {{ var(txn.prefix) -m str {prefix} }}"
        )


def _longest_first(prefix: str) -> tuple[int, str]:
    return -len(prefix), prefix


def _affinity_cookie(route: Route) -> str:
    """Return a name that two apps under one host name do not share."""
    whole = route.rules.prefixes == ("/",)
    return AFFINITY_COOKIE if whole else f"{AFFINITY_COOKIE}_{route.app}"


def _checks(route: Route, check: Check | None) -> Iterator[str]:
    if check is None:
        return
    # When no server is well, all are asked: a bad answer says more than the gateway's own 503.
    yield "option allbackups"
    yield f"timeout check {duration(check.timeout)}"
    if not check.path:
        return
    statuses = ",".join(
        str(low) if low == high else f"{low}-{high}" for low, high in check.statuses
    )
    yield "option httpchk"
    yield (
        f"http-check send meth GET uri {quote(check.path)} ver HTTP/1.1"
        f" hdr host {route.hosts[0]} hdr user-agent {CHECK_AGENT}"
    )
    yield f"http-check expect status {statuses}"


def _servers(route: Route, check: Check | None) -> Iterator[str]:
    for server in route.servers:
        words = [server.container, f"{server.address}:{server.port}"]
        if route.rules.affinity:
            words += ["cookie", _cookie(route.app, server)]
        yield " ".join([*words, *_check_words(check)])
    if check is not None:
        for server in route.servers:
            yield f"{server.container}{SPARE} {server.address}:{server.port} backup"


def _check_words(check: Check | None) -> Iterator[str]:
    if check is None:
        return
    # A server that is out, or was well and is not any more, is asked more often.
    often = duration(min(check.interval, 1.0))
    yield f"check inter {duration(check.interval)} fastinter {often} downinter {often}"
    yield f"fall {check.failures} rise 1"
    # One that takes no connection is out at once, not at the next check.
    yield "observe layer4 error-limit 1 on-error mark-down"


def _cookie(app: str, server: Server) -> str:
    """Return a value that tells a server, and no name, to the outside."""
    return hashlib.sha256(f"{app} {server.container}".encode()).hexdigest()[:16]
