"""What is known of a certificate without its key, and which one a host name gets."""

from __future__ import annotations

from typing import NamedTuple

INTERNAL = "internal"
GIVEN = "given"

# Names that the public tree of DNS does not have, so that no public authority signs them:
# https://www.iana.org/assignments/special-use-domain-names, and RFC 6762, appendix G.
_SPECIAL = frozenset({"alt", "arpa", "example", "invalid", "local", "localhost", "onion", "test"})
_CUSTOMARY = frozenset({"corp", "home", "internal", "intranet", "lan", "localdomain", "private"})


class Certificate(NamedTuple):
    """`name` is made from its content; times are seconds since 1970; `source` says where it is
    from: `internal`, `acme:URL` or `given`.
    """

    name: str
    hosts: tuple[str, ...]
    not_before: int
    not_after: int
    source: str


def due(certificate: Certificate, now: float) -> bool:
    """Say whether a new one is to be got: a third of its life or less is left."""
    life = certificate.not_after - certificate.not_before
    return certificate.not_after - now <= life / 3


def public(host: str) -> bool:
    """Say whether a public authority can sign `host`: a name with a dot, of the public DNS.

    Addresses are not: those that are public are rare, and few authorities sign them.
    """
    labels = host.lower().rstrip(".").split(".")
    # A name that ends in a number is an address: https://url.spec.whatwg.org/#ends-in-a-number-checker
    address = ":" in host or labels[-1].isdigit()
    return len(labels) > 1 and not address and labels[-1] not in _SPECIAL | _CUSTOMARY


def acme_source(directory: str) -> str:
    """Return the `source` of what the authority with this directory has signed."""
    return f"acme:{directory}"


def covers(certificate: Certificate, host: str) -> bool:
    """Say whether a certificate is for `host`; a `*` stands for one label (RFC 6125, 6.4.3)."""
    _, _, parent = host.partition(".")
    return host in certificate.hosts or bool(parent and f"*.{parent}" in certificate.hosts)
