"""Who we are to a registry: basic authentication, or a token from the service that it names.

Token flow: https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from gitops.drivers.registry.http import OciHttp, Request, Response, is_loopback
from gitops.model.secret import Secret

Auths = Mapping[str, tuple[str, Secret]]
"""(user name, password) by registry host, as the host is spelled in image names."""

DEFAULT_LIFE = 60.0
"""Seconds that a token lives when its service does not say (token specification)."""
MARGIN = 10.0

_PARAMETER = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


class Challenge(NamedTuple):
    """What a WWW-Authenticate header asks for (RFC 9110, 11.6.1); `scheme` in lower case."""

    scheme: str
    parameters: Mapping[str, str]


class _Token(NamedTuple):
    header: str
    until: float


def parse_challenge(header: str) -> Challenge:
    """Split `Bearer realm="https://…",service="…",scope="…"`; an unreadable one has no scheme."""
    scheme, _, rest = header.strip().partition(" ")
    found = _PARAMETER.findall(rest)
    return Challenge(scheme.lower(), {key.lower(): quoted or bare for key, quoted, bare in found})


class OciAuth:
    """Authorization headers by (host, scope), kept while they are good."""

    def __init__(
        self, auths: Auths, http: OciHttp, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._auths = auths
        self._http = http
        self._clock = clock
        self._tokens: dict[tuple[str, str], _Token] = {}

    def send(self, request: Request, scope: str) -> Response:
        """Send `request` with what is known, and once more with what a 401 asks for.

        `scope` is that of the request (`repository:shop:pull`). Raises as `OciHttp.send` does.
        """
        response = self._http.send(self._signed(request, scope))
        if response.status != 401:  # noqa: PLR2004 - Unauthorized
            return response
        challenge = parse_challenge(response.headers.get("WWW-Authenticate", ""))
        token = self._answer(request.host, challenge, scope)
        if token is None:
            return response
        self._tokens[request.host, scope] = token
        return self._http.send(_with(request, token))

    def _signed(self, request: Request, scope: str) -> Request:
        token = self._tokens.get((request.host, scope))
        if token is None or self._clock() > token.until:
            return request
        return _with(request, token)

    def _answer(self, host: str, challenge: Challenge, scope: str) -> _Token | None:
        basic = self._basic(host)
        if challenge.scheme == "basic" and basic:
            return _Token(basic, float("inf"))
        if challenge.scheme == "bearer" and "realm" in challenge.parameters:
            return self._bearer(challenge.parameters, scope, basic)
        return None

    def _basic(self, host: str) -> str:
        if host not in self._auths:
            return ""
        username, password = self._auths[host]
        pair = f"{username}:{password.reveal()}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"

    def _bearer(self, asked: Mapping[str, str], scope: str, basic: str) -> _Token | None:
        realm = urlsplit(asked["realm"])
        if realm.scheme != "https" and not is_loopback(realm.netloc):
            return None  # a password must not cross the network in the clear
        query = urlencode({"service": asked.get("service", ""), "scope": scope})
        path = f"{realm.path or '/'}?{realm.query + '&' if realm.query else ''}{query}"
        headers = {"Authorization": basic} if basic else {}
        response = self._http.send(Request(realm.netloc, "GET", path, headers))
        if response.status != 200:  # noqa: PLR2004 - OK
            return None
        try:
            found = json.loads(response.body)
            text = found.get("token") or found["access_token"]
            life = float(found.get("expires_in") or DEFAULT_LIFE)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        return _Token(f"Bearer {text}", self._clock() + max(life - MARGIN, 0))


def _with(request: Request, token: _Token) -> Request:
    return request._replace(headers={**request.headers, "Authorization": token.header})
