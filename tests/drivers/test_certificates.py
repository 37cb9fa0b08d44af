"""The project's own authority, and users' own certificates."""

from __future__ import annotations

import re
import ssl
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from certificate_fixtures import (
    DAY,
    NOW,
    Kept,
    client_context,
    kept,
    key_text,
    self_signed,
    shake_hands,
)
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from gitops.drivers.base import CertificateIssuer, DriverError, ErrorKind
from gitops.drivers.certificates import Issuer
from gitops.drivers.secret_reader import LocalSecretReader
from gitops.model.certificates import due

SECRETS = LocalSecretReader({})
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())


def issuer(now: float = NOW) -> Issuer:
    """Return an issuer for which it is `now`."""
    return Issuer(SECRETS, lambda: now)


def test_libraries_are_loaded_only_when_they_are_needed() -> None:
    """A run that needs no certificate does not load the slow libraries for them."""
    code = (
        "import sys, gitops.drivers.certificates as package\n"
        "package.Issuer(None)\n"
        "sys.exit(str({'cryptography', 'acme', 'josepy', 'requests'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert result.stderr.strip() == b"set()"


def test_issuer_has_what_the_pipeline_asks_for() -> None:
    """The issuer satisfies the protocol."""
    asked: CertificateIssuer = issuer()
    assert asked.internal(["shop.localhost"], kept().vault)


@pytest.mark.parametrize("host", ["shop.localhost", "www.internal", "192.0.2.7", "2001:db8::1"])
def test_client_that_trusts_the_authority_accepts_its_certificate(host: str) -> None:
    """A client that trusts the authority accepts its certificate, for the hosts in it only."""
    real, held = Issuer(SECRETS), kept()
    issued = real.internal([host, "also.internal"], held.vault)
    client = client_context(real.authority(held.vault))
    shake_hands(issued.pem, client, host)
    shake_hands(issued.pem, client, "also.internal")
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        shake_hands(issued.pem, client, "else.internal")
    assert issued.certificate.source == "internal"
    assert set(issued.certificate.hosts) == {host, "also.internal"}


def test_another_project_s_authority_is_not_trusted() -> None:
    """Trust in one project's authority is no trust in another's."""
    real, ours, theirs = Issuer(SECRETS), kept(), kept()
    issued = real.internal(["shop.localhost"], theirs.vault)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(issued.pem, client_context(real.authority(ours.vault)), "shop.localhost")


def test_authority_is_made_once_and_kept_in_the_vault() -> None:
    """The authority is made at first use, stays the same, and only its certificate is shown."""
    held = kept()
    first = issuer().authority(held.vault)
    assert set(held.files) == {"authority.pem"}
    issued = issuer(NOW + 365 * DAY).internal(["shop.localhost"], held.vault)
    assert issuer(NOW + 365 * DAY).authority(held.vault) == first
    assert issued.pem.endswith(first)
    assert b"PRIVATE" not in first


def test_authority_may_sign_servers_only() -> None:
    """The authority's certificate lasts ten years and may sign no further authority."""
    certificate = x509.load_pem_x509_certificate(issuer().authority(kept().vault))
    basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert basic.critical
    assert (basic.value.ca, basic.value.path_length) == (True, 0)
    assert usage.critical
    assert usage.value.key_cert_sign
    assert not usage.value.digital_signature
    assert certificate.not_valid_after_utc.timestamp() == NOW + 3650 * DAY


def test_certificate_of_the_authority_lasts_ninety_days() -> None:
    """An internal certificate lasts 90 days, begins a little earlier, and is due after 60."""
    certificate = issuer().internal(["shop.localhost"], kept().vault).certificate
    assert certificate.not_after == NOW + 90 * DAY
    assert NOW - 3600 < certificate.not_before < NOW
    assert not due(certificate, NOW + 59 * DAY)
    assert due(certificate, NOW + 61 * DAY)


def test_authority_near_its_end_is_replaced() -> None:
    """An authority that would end before what it signs is replaced by a new one."""
    held = kept()
    first = issuer().authority(held.vault)
    assert issuer(NOW + 3559 * DAY).authority(held.vault) == first
    assert issuer(NOW + 3561 * DAY).authority(held.vault) != first


def foreign_key(held: Kept) -> bytes:
    """Return the vault's authority with another key than its own."""
    return key_text(OTHER) + held.files["authority.pem"].split(b"KEY-----\n")[-1]


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (lambda _: b"", "not a private key"),
        (lambda held: held.files["authority.pem"][:400], "not in PEM form"),
        (foreign_key, "does not belong"),
        (
            lambda _: key_text(rsa.generate_private_key(65537, 2048)) + self_signed(KEY),
            "elliptic curve",
        ),
    ],
    ids=["empty", "cut short", "another's key", "RSA"],
)
def test_broken_authority_is_an_error(broken: Callable[[Kept], bytes], why: str) -> None:
    """An authority that cannot be read is not replaced in silence: users trust the old one."""
    held = kept()
    issuer().authority(held.vault)
    before = held.files["authority.pem"] = broken(held)
    with pytest.raises(DriverError, match=why) as caught:
        issuer().internal(["shop.localhost"], held.vault)
    assert caught.value.kind is ErrorKind.INVALID
    assert "authority.pem" in caught.value.what
    assert "remove it" in caught.value.detail
    assert held.files["authority.pem"] == before


def test_host_that_no_certificate_can_name_is_an_error() -> None:
    """A host name that is not ASCII is refused by its name, with how to write it."""
    with pytest.raises(DriverError, match="bücher") as caught:
        issuer().internal(["bücher.localhost"], kept().vault)
    assert caught.value.kind is ErrorKind.INVALID
    assert "xn--" in caught.value.detail


@pytest.mark.parametrize(
    ("host", "begins"),
    [
        ("shop.localhost", "shop.localhost-"),
        ("*.shop.internal", "any.shop.internal-"),
        ("2001:db8::1", "2001-db8-1-"),
        (f"{'a' * 60}.{'b' * 60}.test", f"{'a' * 60}.{'b' * 39}-"),
    ],
)
def test_certificate_s_name_fits_a_file_name(host: str, begins: str) -> None:
    """A certificate is named by its first host and its content, in a-z, 0-9, dot and hyphen."""
    held = kept()
    one, two = (issuer().internal([host], held.vault).certificate.name for _ in range(2))
    assert re.fullmatch(re.escape(begins) + "[0-9a-f]{12}", one)
    assert one != two


@pytest.mark.parametrize("key", [KEY, rsa.generate_private_key(65537, 2048)], ids=["EC", "RSA"])
def test_own_certificate_is_served_with_its_chain(key: ec.EllipticCurvePrivateKey) -> None:
    """A user's certificate is taken with its chain, its names and its times."""
    begins = int(time.time()) - DAY
    chain = self_signed(key, "Shop.example.com", "www.example.com", begins=begins)
    further = self_signed(OTHER, "ca", begins=begins)
    issued = Issuer(SECRETS).given(b"a comment\n" + chain + further, key_text(key))
    expected = ("shop.example.com", "www.example.com")
    assert issued.certificate[1:] == (expected, begins, begins + 30 * DAY, "given")
    assert issued.pem.endswith(chain + further)
    shake_hands(issued.pem, ssl.create_default_context(cadata=chain.decode()), "www.example.com")


def test_own_certificate_that_did_not_change_has_the_same_name() -> None:
    """Files with the same content give the same name, however they are laid out."""
    cert, key = self_signed(KEY, "a.test"), key_text(KEY)
    assert issuer().given(cert, key) == issuer().given(b"# my own\n\n" + cert, b"\n" + key + b"\n")


ENCRYPTED = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw"))


@pytest.mark.parametrize(
    ("cert", "key", "why"),
    [
        (
            self_signed(KEY, "a.test"),
            key_text(OTHER),
            "another certificate than this.*give its own",
        ),
        (self_signed(OTHER, "ca") + self_signed(KEY, "a.test"), key_text(KEY), "key first"),
        (self_signed(KEY, "a.test", days=1), key_text(KEY), "ran out on 2027-01-15.*renew"),
        (self_signed(KEY, "a.test", begins=NOW + 1), key_text(KEY), "only from 2027-01-15.*clock"),
        (self_signed(KEY), key_text(KEY), "subjectAltName"),
        (self_signed(KEY, "a.test"), ENCRYPTED, "openssl pkey"),
        (self_signed(KEY, "a.test"), b"nothing", "the key is not a private key in PEM"),
        (b"nothing", key_text(KEY), "the certificate is not in PEM"),
        (key_text(KEY), self_signed(KEY, "a.test"), "the certificate is not in PEM"),
    ],
    ids=["other", "order", "old", "young", "nameless", "locked", "no key", "no cert", "swapped"],
)
def test_own_certificate_that_cannot_be_served_is_refused(
    cert: bytes, key: bytes, why: str
) -> None:
    """A user's certificate that clients would refuse is refused before it is served, with why."""
    with pytest.raises(DriverError, match=why) as caught:
        issuer().given(cert, key)
    assert caught.value.kind is ErrorKind.INVALID
