"""What the gateway does for an app: host names, paths, TLS, limits and who may ask."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from gitops.model.secret import FileSecret, SecretRef
from gitops.model.webapp import Front, Tls
from gitops.spec.decode.files import decode_page
from gitops.spec.findings import shown
from gitops.spec.scope import EMPTY, Scope, Spec
from gitops.spec.units import size

PLAIN = Front()
_KEYS = frozenset(
    (
        "pathPrefixes",
        "stripPathPrefix",
        "affinity",
        "tls",
        "limits",
        "compression",
        "maintenance",
        "auth",
        "allow",
    )
)


def decode_hosts(name: str, spec: Spec) -> tuple[str, ...]:
    """Return the host names of the app `name`."""
    if "hosts" in spec:
        return tuple(spec["hosts"])
    return (spec.get("host") or f"{name}.localhost",)


def decode_front(spec: Spec, scope: Scope) -> Front:
    """Return what the gateway does before and after a request reaches the app."""
    if _KEYS.isdisjoint(spec):
        return PLAIN
    limits = spec.get("limits", EMPTY)
    return Front(
        _prefixes(spec.get("pathPrefixes", ("/",)), scope),
        spec.get("stripPathPrefix", False),
        spec.get("affinity", False),
        _tls(spec["tls"], scope) if "tls" in spec else None,
        size(limits["body"]) if "body" in limits else 0,
        scope.duration(limits, ("spec", "limits", "response"), "60s"),
        spec.get("compression", False),
        decode_page(spec.get("maintenance", False), scope),
        _users(spec["auth"]["basic"], scope) if "auth" in spec else (),
        _networks(spec.get("allow", ()), scope),
    )


def _prefixes(found: Sequence[str], scope: Scope) -> tuple[str, ...]:
    """Return the prefixes without a slash at the end, longest first."""
    prefixes: list[str] = []
    for number, prefix in enumerate(found):
        path = ("spec", "pathPrefixes", number)
        short = prefix.rstrip("/") or "/"
        if short in prefixes:
            scope.complain(path, f"{short} is there twice", "remove one of the two")
        elif not {".", ".."}.isdisjoint(short.split("/")):
            scope.complain(path, f"{prefix} has a part that is . or ..", "write the path without")
        else:
            prefixes.append(short)
    return tuple(sorted(prefixes, key=lambda prefix: (-len(prefix), prefix)))


def _tls(found: Spec, scope: Scope) -> Tls:
    redirect = found.get("redirect", True)
    if "cert" not in found:
        return Tls(redirect=redirect)
    cert, key = (FileSecret(scope.absolute(found[name])) for name in ("cert", "key"))
    return Tls(cert, key, redirect)


def _users(found: Sequence[Spec], scope: Scope) -> tuple[tuple[str, SecretRef], ...]:
    users: dict[str, SecretRef] = {}
    for number, user in enumerate(found):
        name = user["username"]
        if name in users:
            path = ("spec", "auth", "basic", number, "username")
            message = f"{shown(name)} is the name of another user"
            scope.complain(path, message, "give one of the two another name")
        users[name] = scope.secret(user["password"])
    return tuple(users.items())


def _networks(found: Sequence[str], scope: Scope) -> tuple[str, ...]:
    networks = []
    for number, each in enumerate(found):
        path = ("spec", "allow", number)
        try:
            network = ipaddress.ip_network(each, strict=False)
        except ValueError:
            hint = "write an address such as 10.0.0.5, or a network such as 10.0.0.0/8"
            scope.complain(path, f"{shown(each)} is not an address or a network", hint)
            continue
        whole = str(network)
        if "/" in each and ipaddress.ip_interface(each).ip != network.network_address:
            hint = f"write {whole} for the network, or the address alone"
            scope.complain(path, f"{shown(each)} is an address in a network", hint)
        single = network.prefixlen == network.max_prefixlen
        networks.append(str(network.network_address) if single else whole)
    return tuple(dict.fromkeys(networks))
