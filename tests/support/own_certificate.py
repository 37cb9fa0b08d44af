"""Certificates of a user's own: a certificate that signs itself, and its key, in two files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


def write_certificate(folder: Path, host: str) -> str:
    """Write `own.pem` and `own.key` for a host; return the serial number in hex.

    Each certificate is added to `trusted.pem`, for clients that are to take all of them.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    serial = x509.random_serial_number()
    # Of two that have the same name, a client would try the first one alone.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{serial:x}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "own.pem").write_bytes(certificate)
    (folder / "own.key").write_bytes(private)
    with (folder / "trusted.pem").open("ab") as trusted:
        trusted.write(certificate)
    return f"{serial:x}"
