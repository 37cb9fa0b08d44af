"""What tests of certificates need: a vault in memory, odd certificates, and a TLS handshake."""

from __future__ import annotations

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gitops.drivers.base import Vault

NOW = 1_800_000_000
DAY = 86_400

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Kept(NamedTuple):
    """A vault, and what is in it."""

    vault: Vault
    files: dict[str, bytes]


def kept(files: dict[str, bytes] | None = None) -> Kept:
    """Return a vault in memory."""
    held = files if files is not None else {}
    return Kept(Vault(held.get, held.__setitem__), held)


def key_text(key: PrivateKey) -> bytes:
    """Return a key as PEM, in the form that openssl has written for decades."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def self_signed(key: PrivateKey, *hosts: str, begins: int = NOW - DAY, days: int = 30) -> bytes:
    """Return a certificate (PEM) for `hosts` that the key has signed itself."""
    moment = datetime.fromtimestamp(begins, UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment)
        .not_valid_after(moment + timedelta(days=days))
    )
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def client_context(root: bytes) -> ssl.SSLContext:
    """Return a client's settings that trust one root, as strictly as Python 3.13 does."""
    context = ssl.create_default_context(cadata=root.decode())
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def shake_hands(served: bytes, client: ssl.SSLContext, host: str) -> None:
    """Let a client ask for `host` from a server with the PEM `served`; raises what the client does.

    Both speak through memory, so there is no network, but OpenSSL's own checks on both sides.
    """
    settings = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(served)
        file.flush()
        settings.load_cert_chain(file.name)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = settings.wrap_bio(to_server, to_client, server_side=True)
    asking = client.wrap_bio(to_client, to_server, server_hostname=host)
    for _ in range(2):
        for side in (asking, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert asking.getpeercert()
