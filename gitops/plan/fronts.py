"""What the gateway is to do for an app, from what the user wrote."""

from __future__ import annotations

import base64
import hashlib
import hmac

from gitops.model.certificates import GIVEN, INTERNAL, acme_source, public
from gitops.model.resources import LETS_ENCRYPT, Acme, Target
from gitops.model.routes import Check, Route, Rules, Server
from gitops.model.secret import Secrets
from gitops.model.wanted import WantedApp
from gitops.model.webapp import Front, Health, Tls, WebApp


def rules_of(place: WebApp, secrets: Secrets) -> Rules:
    """Return the rules of a place; its certificate comes with the plan.

    Passwords that could not be read let nobody in.
    """
    front = place.front
    return Rules(
        prefixes=front.prefixes,
        strip_prefix=front.strip_prefix,
        affinity=front.affinity,
        body_limit=front.body_limit,
        timeout=front.timeout,
        compression=front.compression,
        maintenance=front.maintenance,
        users=_users(place.address.name, front, secrets),
        allow=front.allow,
    )


def _users(app: str, front: Front, secrets: Secrets) -> tuple[tuple[str, str], ...]:
    found = []
    for name, password in front.users:
        value = secrets[password].reveal() if password in secrets else ""
        login = base64.b64encode(f"{name}:{value}".encode()).decode()
        digest = hmac.new(app.encode(), f"Basic {login}".encode(), hashlib.sha256)
        found.append((name, digest.hexdigest().upper() if value else ""))
    return tuple(found)


def check_of(health: Health, port: int) -> Check | None:
    """Return how the gateway goes on asking; it cannot run a command, which the engine does."""
    if port < 0 or health.command:
        return None
    return Check(health.path, health.statuses, health.interval, health.timeout, health.failures)


def certificate_source(place: WebApp, target: Target, secrets: Secrets) -> str:
    """Return where the certificate of a place's hosts comes from; empty without TLS."""
    tls = place.front.tls
    if tls is None:
        return ""
    if tls.auto:
        if all(map(public, place.hosts)):
            return acme_source(authority(target).directory)
        return INTERNAL
    return f"{GIVEN}:{_version(place, tls, secrets)}"


def _version(place: WebApp, tls: Tls, secrets: Secrets) -> str:
    parts = [
        secrets[part].version(f"{place.address}/tls")
        for part in (tls.cert, tls.key)
        if part is not None and part in secrets
    ]
    return "-".join(parts)


def authority(target: Target) -> Acme:
    """Return the authority that signs public names for a target."""
    return target.gateway.acme or Acme(LETS_ENCRYPT)


def route_of(app: WantedApp, servers: tuple[Server, ...]) -> Route:
    """Return the route of an app to these servers."""
    port = servers[0].port if servers else app.port
    return Route(
        app.address.name,
        app.hosts,
        servers,
        app.deploy.drain,
        check_of(app.health, port),
        app.rules,
        tuple((f"{app.address.name}-{slot}", share) for slot, share in app.spec.traffic),
    )
