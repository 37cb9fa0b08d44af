"""A session with an ACME authority under our account there (RFC 8555, 7.3)."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

import requests
from acme import client, errors, messages
from cryptography.hazmat.primitives.asymmetric import ec
from josepy.jwa import ES256
from josepy.jwk import JWKEC

from gitops import __version__
from gitops.drivers.base.certificates import Vault
from gitops.drivers.certificates import pem
from gitops.drivers.certificates.acme_words import explained

REQUEST_TIMEOUT = 30
"""Seconds for one request."""

STALE_TRIES = 5
"""How often a request is made whose nonce the authority has refused; the library makes each one
twice. It has to be made again (RFC 8555, 6.5), and an authority under load refuses many.
"""


class Terms(NamedTuple):
    """An authority: its directory's URL, the address for its mail, and its own root (PEM)."""

    directory: str
    email: str
    root: str


class Visit(NamedTuple):
    """A session: with whom, under which key, and until when (local time, as the library has it)."""

    acme: client.ClientV2
    key: JWKEC
    directory: str
    deadline: datetime


class Network(client.ClientNetwork):
    """The library's; it trusts the roots in a file, if there is one, and is patient with nonces."""

    def __init__(self, key: JWKEC, roots: str) -> None:
        agent = f"gitops-reconciler/{__version__}"
        super().__init__(key, alg=ES256, user_agent=agent, timeout=REQUEST_TIMEOUT)
        if roots:
            self.verify_ssl = roots  # type: ignore[assignment] # it is handed to requests as it is

    def post(self, *args: object, **kwargs: object) -> requests.Response:
        """Post as the library does; make the request again while its nonce is refused."""
        for _ in range(STALE_TRIES - 1):
            try:
                return super().post(*args, **kwargs)
            except messages.Error as error:
                if error.code != "badNonce":
                    raise
        return super().post(*args, **kwargs)


@contextmanager
def visiting(terms: Terms, vault: Vault, patience: float) -> Iterator[Visit]:
    """Give a session in which the authority knows our account, made if there is none."""
    # The library compares it with its own datetime.now(), which has no zone.
    deadline = datetime.now() + timedelta(seconds=patience)  # noqa: DTZ005 - see above
    key = _account_key(terms.directory, vault)
    # requests takes roots from a file only.
    with tempfile.NamedTemporaryFile("w", prefix="gitops-acme-", suffix=".pem") as roots:
        roots.write(terms.root)
        roots.flush()
        network = Network(key, roots.name if terms.root else "")
        try:
            with explained(terms.directory):
                acme = client.ClientV2(_directory(terms.directory, network), network)
                _register(acme, terms, vault)
            yield Visit(acme, key, terms.directory, deadline)
        finally:
            network.session.close()


def _directory(url: str, network: Network) -> messages.Directory:
    """Return an authority's directory (RFC 8555, 7.1.1), once it is seen to be one.

    A wrong URL leads to any page, which the library would fail upon in as many ways.
    """
    found = network.get(url).json()
    wanted = ("newNonce", "newAccount", "newOrder")
    known = found if isinstance(found, dict) else {}
    if missing := [name for name in wanted if not str(known.get(name, "")).startswith("http")]:
        raise errors.ClientError(f"no URL for {', '.join(missing)} in what it sent")
    return messages.Directory.from_json(found)


def _account_key(directory: str, vault: Vault) -> JWKEC:
    """Return the key of our account, which is in the vault before the authority knows it.

    One that cannot be read is replaced: it proves nothing but that an account is ours, and an
    account can be had at any time.
    """
    name = f"{_account(directory)}.pem"
    data = vault.read(name)
    try:
        key = pem.read_key(data) if data else None
    except ValueError:
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        key = pem.new_key()
        vault.write(name, pem.key_text(key))
    return JWKEC(key=key)


def _account(directory: str) -> str:
    return f"account-{hashlib.sha256(directory.encode()).hexdigest()[:12]}"


def _register(acme: client.ClientV2, terms: Terms, vault: Vault) -> None:
    """Make our account known, or find it; agree to the terms; tell the address for mail.

    The address is told again only when it has changed: some authorities forget it on purpose, so
    asking for it would tell nothing.
    """
    contact = (f"mailto:{terms.email}",) if terms.email else ()
    remembered = f"{_account(terms.directory)}.email"
    try:
        acme.new_account(messages.NewRegistration(contact=contact, terms_of_service_agreed=True))
    except errors.ConflictError as known:
        ours = messages.RegistrationResource(body=messages.Registration(), uri=known.location)
        acme.net.account = ours
        if vault.read(remembered) == terms.email.encode():
            return
        acme.update_registration(ours, messages.Registration(contact=contact))
    vault.write(remembered, terms.email.encode())
