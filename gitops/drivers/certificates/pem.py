"""Keys and certificates as PEM text (RFC 7468), read and written."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from gitops.drivers.base.certificates import Issued
from gitops.drivers.base.errors import DriverError, ErrorKind
from gitops.model.certificates import Certificate

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
"""What a private key for TLS may be."""

LONGEST = 100
"""Characters of a host name that go into a certificate's name: a file name holds 255 bytes."""


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a new private key on P-256, which every client and every ACME authority knows."""
    return ec.generate_private_key(ec.SECP256R1())


def key_text(key: Key) -> bytes:
    """Return a private key as PEM (PKCS #8, not encrypted)."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def certificate_text(certificate: x509.Certificate) -> bytes:
    """Return a certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def read_key(data: bytes) -> Key:
    """Return the private key in `data`; raises `ValueError` with what is wrong and what to do."""
    try:
        key = serialization.load_pem_private_key(data, None)
    except TypeError as error:
        raise ValueError(
            "the key is encrypted; keep it readable: openssl pkey -in KEY -out PLAIN"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("the key is not a private key in PEM form") from error
    if isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        return key
    raise ValueError(f"the key is of a kind that TLS does not serve ({type(key).__name__})")


def read_chain(data: bytes) -> list[x509.Certificate]:
    """Return the certificates in `data`, in its order; raises `ValueError` when there is none."""
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError as error:
        raise ValueError("the certificate is not in PEM form") from error


def belongs(key: Key, certificate: x509.Certificate) -> bool:
    """Say whether `certificate` is for `key`."""
    return certificate.public_key() == key.public_key()


def alternative_names(hosts: Sequence[str]) -> list[x509.GeneralName]:
    """Return host names and addresses as certificates hold them (RFC 5280, 4.2.1.6).

    Raises `DriverError`: INVALID, for what is neither.
    """
    return [_alternative_name(host) for host in hosts]


def _alternative_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return x509.DNSName(host)
    except ValueError as error:
        detail = "a host name is ASCII; write another one as punycode (xn--...)"
        raise DriverError(ErrorKind.INVALID, f"no certificate can name {host}", detail) from error


def hosts_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the names and addresses that a certificate is for; none when it has no list of them.

    The subject does not count: no client has looked there for years (RFC 9525, 2).
    """
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    names = found.value.get_values_for_type(x509.DNSName)
    addresses = found.value.get_values_for_type(x509.IPAddress)
    return (*(name.lower() for name in names), *(str(address) for address in addresses))


def bundle(key: Key, chain: Sequence[x509.Certificate], source: str) -> Issued:
    """Return key and chain as one PEM, which looks the same for the same content."""
    text = key_text(key) + b"".join(certificate_text(each) for each in chain)
    leaf, hosts = chain[0], hosts_of(chain[0])
    begins = int(leaf.not_valid_before_utc.timestamp())
    ends = int(leaf.not_valid_after_utc.timestamp())
    return Issued(Certificate(_name(hosts, text), hosts, begins, ends, source), text)


def _name(hosts: Sequence[str], text: bytes) -> str:
    """Return a name of a-z, 0-9, dot and hyphen that is another one for every other content."""
    host = re.sub(r"[^a-z0-9.]+", "-", hosts[0].replace("*", "any")).strip("-.")[:LONGEST]
    return f"{host}-{hashlib.sha256(text).hexdigest()[:12]}"
