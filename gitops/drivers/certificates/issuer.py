"""The door to the three sources of certificates. Each one is loaded when it is first asked: the
libraries cost up to 250 ms, and most runs need no new certificate.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from gitops.drivers.base.certificates import Issued, Vault
from gitops.drivers.base.errors import DriverError, ErrorKind
from gitops.drivers.base.secrets import SecretReader
from gitops.model.resources import Acme

PATIENCE = 180.0
"""Seconds for all that an ACME authority has to do for one certificate. Let's Encrypt looks from
several places and takes 10 s to 60 s at busy times.
"""


class Issuer:
    """Makes or gets certificates (`CertificateIssuer`).

    `secrets` reads the root of an ACME authority that has one of its own; `clock` gives seconds
    since 1970; `patience` is how many seconds an ACME order may take.
    """

    def __init__(
        self,
        secrets: SecretReader,
        clock: Callable[[], float] = time.time,
        patience: float = PATIENCE,
    ) -> None:
        self._secrets = secrets
        self._clock = clock
        self._patience = patience
        # Two at once would make two authorities, and take away each other's challenges.
        self._turn = Lock()

    def internal(self, hosts: Sequence[str], vault: Vault) -> Issued:
        """Return one of the project's own authority, for 90 days; the authority is made at first
        use. Raises `DriverError`: INVALID, when the authority in the vault cannot be used.
        """
        from gitops.drivers.certificates import internal  # noqa: PLC0415 - cryptography: 70 ms

        with self._turn:
            return internal.issue(hosts, vault, int(self._clock()))

    def authority(self, vault: Vault) -> bytes:
        """Return the certificate (PEM) by which users can trust the project's own authority, which
        is made at first use. Raises `DriverError` as `internal` does.
        """
        from gitops.drivers.certificates import internal  # noqa: PLC0415 - the same

        with self._turn:
            return internal.root(vault, int(self._clock()))

    def acme(
        self,
        hosts: Sequence[str],
        authority: Acme,
        vault: Vault,
        answer: Callable[[Mapping[str, str]], None],
    ) -> Issued:
        """Return one of an ACME authority (RFC 8555, HTTP-01).

        `answer` is called once with what each token is to be answered with, and with nothing when
        the authority has looked or something failed; not at all when the authority still knows all
        names to be ours. Raises `DriverError`: UNREACHABLE, DENIED, TIMEOUT, INVALID.
        """
        from gitops.drivers.certificates import acme, acme_account  # noqa: PLC0415 - 220 ms

        terms = acme_account.Terms(authority.directory, authority.email, self._root(authority))
        with self._turn:
            return acme.issue(hosts, terms, vault, answer, self._patience)

    def given(self, cert: bytes, key: bytes) -> Issued:
        """Return the user's own; INVALID, with what to do, when it cannot be served."""
        from gitops.drivers.certificates import given  # noqa: PLC0415 - cryptography: 70 ms

        return given.check(cert, key, int(self._clock()))

    def _root(self, authority: Acme) -> str:
        """Return the PEM of the authority's own root; empty when it has none of its own."""
        if authority.root is None:
            return ""
        from gitops.drivers.certificates import pem  # noqa: PLC0415 - cryptography: 70 ms

        what = f"the root certificate of {authority.directory}"
        values, problems = self._secrets.read([authority.root])
        if authority.root in problems:
            raise DriverError(ErrorKind.INVALID, what, problems[authority.root])
        text = values[authority.root].reveal()
        try:
            pem.read_chain(text.encode())
        except ValueError as error:
            raise DriverError(ErrorKind.INVALID, what, f"{authority.root}: {error}") from error
        return text
