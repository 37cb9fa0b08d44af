"""The project's own certificate authority, for names that no public one signs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gitops.drivers.base.certificates import Issued, Vault
from gitops.drivers.base.errors import DriverError, ErrorKind
from gitops.drivers.certificates import pem
from gitops.model.certificates import INTERNAL

AUTHORITY = "authority.pem"
"""The authority's name in the vault: its key, then its certificate."""

AUTHORITY_LIFE = timedelta(days=3650)
LEAF_LIFE = timedelta(days=90)
"""Apple's clients accept no more than 825 days from an authority that the user has added
(https://support.apple.com/en-us/103769)."""

EARLIER = timedelta(minutes=5)
"""How far back a certificate begins: clocks of clients may be behind."""


class Authority(NamedTuple):
    """The authority's private key, and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def issue(hosts: Sequence[str], vault: Vault, now: int) -> Issued:
    """Return a certificate for `hosts`, with a key of its own; INVALID names what is no host."""
    names = pem.alternative_names(hosts)
    authority = _kept(vault, now) or _made(vault, now)
    key = pem.new_key()
    return pem.bundle(key, [_leaf(names, key, authority, now), authority.certificate], INTERNAL)


def root(vault: Vault, now: int) -> bytes:
    """Return the authority's certificate as PEM, of one that is made if there is none."""
    return pem.certificate_text((_kept(vault, now) or _made(vault, now)).certificate)


def _kept(vault: Vault, now: int) -> Authority | None:
    """Return the authority of the vault; none when there is none, or it is near its end.

    One that would end before what it signs is replaced: users have to trust another one soon
    anyway. One that cannot be read is an error instead: a new one made in silence would be one
    that nobody trusts, and the old one may still be saved.
    """
    data = vault.read(AUTHORITY)
    if data is None:
        return None
    try:
        authority = _read(data)
    except ValueError as error:
        what = f"the project's own authority ({AUTHORITY} in its volume) cannot be used"
        todo = "put it back, or remove it: a new one is made, which users have to trust anew"
        raise DriverError(ErrorKind.INVALID, what, f"{error}; {todo}") from error
    lasts = authority.certificate.not_valid_after_utc - datetime.fromtimestamp(now, UTC)
    return authority if lasts > LEAF_LIFE else None


def _read(data: bytes) -> Authority:
    """Return the authority that `data` holds; raises `ValueError` with what is wrong."""
    key, certificate = pem.read_key(data), pem.read_chain(data)[0]
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("the key is not on an elliptic curve")  # noqa: TRY004 - it is bad data
    if not pem.belongs(key, certificate):
        raise ValueError("the key does not belong to the certificate")
    return Authority(key, certificate)


def _made(vault: Vault, now: int) -> Authority:
    """Return a new authority, which is in the vault from now on."""
    key = pem.new_key()
    public = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    # Users see the name in their list of authorities, and may have those of several projects.
    title = x509.NameAttribute(
        NameOID.COMMON_NAME, f"gitops internal authority {public.digest.hex()[:8]}"
    )
    name = x509.Name([title])
    certificate = (
        _dated(now, AUTHORITY_LIFE)
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(public, critical=False)
        .sign(key, hashes.SHA256())
    )
    vault.write(AUTHORITY, pem.key_text(key) + pem.certificate_text(certificate))
    return Authority(key, certificate)


def _leaf(
    names: Sequence[x509.GeneralName],
    key: ec.EllipticCurvePrivateKey,
    authority: Authority,
    now: int,
) -> x509.Certificate:
    """Return a server's certificate (RFC 5280). It has no subject, so its names are critical."""
    issuer = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    signed_by = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer.value)
    return (
        _dated(now, LEAF_LIFE)
        .subject_name(x509.Name([]))
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(purpose, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(signed_by, critical=False)
        .sign(authority.key, hashes.SHA256())
    )


def _dated(now: int, life: timedelta) -> x509.CertificateBuilder:
    """Return the beginnings of a certificate that holds from a little before `now` for `life`."""
    moment = datetime.fromtimestamp(now, UTC)
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - EARLIER)
        .not_valid_after(moment + life)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """Return what a key is for: an authority's, or a server's."""
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
