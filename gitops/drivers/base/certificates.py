"""Certificates for the host names of apps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:  # for annotations alone: a run of a task would wait for them
    from gitops.model.certificates import Certificate
    from gitops.model.resources import Acme


class Vault(NamedTuple):
    """Where an issuer keeps its keys, on the engine; `read` gives none for what is not there."""

    read: Callable[[str], bytes | None]
    write: Callable[[str, bytes], None]


class Issued(NamedTuple):
    """A certificate, and its PEM: private key, certificate, chain."""

    certificate: Certificate
    pem: bytes


class CertificateIssuer(Protocol):
    """Makes or gets certificates."""

    def internal(self, hosts: Sequence[str], vault: Vault) -> Issued:
        """Return one of the project's own authority, which is made at first use."""
        ...

    def authority(self, vault: Vault) -> bytes:
        """Return the certificate (PEM) by which the project's own authority is trusted; the
        authority is made at first use.
        """
        ...

    def acme(
        self,
        hosts: Sequence[str],
        authority: Acme,
        vault: Vault,
        answer: Callable[[Mapping[str, str]], None],
    ) -> Issued:
        """Return one of an ACME authority (RFC 8555, HTTP-01).

        `answer` is called with what each token is to be answered with, and with nothing at the end.
        Raises `DriverError`: UNREACHABLE, DENIED (with the authority's problem in words), TIMEOUT.
        """
        ...

    def given(self, cert: bytes, key: bytes) -> Issued:
        """Return the user's own; INVALID when they do not belong together or have run out."""
        ...
