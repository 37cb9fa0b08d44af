"""Certificates of an ACME authority: the real client against Pebble."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping

import pytest
from certificate_fixtures import kept, shake_hands
from pebble import CHALLENGE, Answers, Pebble, pebble
from registry_servers import Asked, Reply, serving

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.certificates import Issuer
from gitops.drivers.secret_reader import LocalSecretReader
from gitops.model.resources import Acme
from gitops.model.secret import EnvSecret, FileSecret

SECRETS = LocalSecretReader({})
HOSTS = ["shop.example.com", "www.example.com"]


@pytest.fixture(scope="module")
def authority() -> Iterator[Pebble]:
    """Give an authority that asks anew for every order."""
    with pebble(PEBBLE_AUTHZREUSE="0") as running:
        yield running


@pytest.fixture(autouse=True)
def _nothing_told(request: pytest.FixtureRequest) -> None:
    """Forget what the shared authority was told by the test before."""
    if "authority" in request.fixturenames:
        answers = request.getfixturevalue("authority").answers
        answers.told.clear()
        answers.asked.clear()


def issuer(patience: float = 60) -> Issuer:
    """Return an issuer that waits at most `patience` seconds."""
    return Issuer(SECRETS, patience=patience)


def test_authority_signs_hosts_that_are_proven_to_be_ours(authority: Pebble) -> None:
    """Hosts are proven over HTTP with answers given once, and clients accept what is signed."""
    issued = issuer().acme(HOSTS, authority.acme, kept().vault, authority.answers)
    client = ssl.create_default_context(cadata=authority.root().decode())
    for host in HOSTS:
        shake_hands(issued.pem, client, host)
    assert issued.certificate.source == f"acme:{authority.acme.directory}"
    assert set(issued.certificate.hosts) == set(HOSTS)
    told, ended = authority.answers.told
    assert len(told) == 2
    assert ended == {}
    asked = {
        (each.headers["Host"].partition(":")[0], each.path) for each in authority.answers.asked
    }
    assert {host for host, _ in asked} == set(HOSTS)
    assert {path for _, path in asked} == {CHALLENGE + token for token in told}


def test_account_is_kept_for_each_authority(authority: Pebble) -> None:
    """The account's key is made once for each directory, and its address told when it changes."""
    held = kept()
    issuer().acme(HOSTS[:1], authority.acme, held.vault, authority.answers)
    before = dict(held.files)
    assert len([name for name in before if name.endswith(".pem")]) == 1
    assert list(before.values())[-1] == b"ops@example.com"
    issuer().acme(HOSTS[:1], authority.acme, held.vault, authority.answers)
    assert held.files == before
    moved = authority.acme._replace(email="new@example.com")
    issuer().acme(HOSTS[:1], moved, held.vault, authority.answers)
    assert {**before, **held.files} == held.files
    changed = {name for name in before if before[name] != held.files[name]}
    assert {name.rpartition(".")[2] for name in changed} == {"email"}


def test_damaged_account_key_is_replaced(authority: Pebble) -> None:
    """An account key that cannot be read is no obstacle: a new account is as good."""
    held = kept()
    issuer().acme(HOSTS[:1], authority.acme, held.vault, authority.answers)
    for name in held.files:
        held.files[name] = b"damaged"
    issuer().acme(HOSTS[:1], authority.acme, held.vault, authority.answers)
    assert b"damaged" not in held.files.values()


def test_host_that_is_not_ours_is_denied_with_the_reason(authority: Pebble) -> None:
    """A host that does not answer is named with the authority's reason, and with what to do."""
    seen = Answers()
    with pytest.raises(DriverError) as caught:
        issuer().acme(HOSTS, authority.acme, kept().vault, seen)
    assert caught.value.kind is ErrorKind.DENIED
    assert authority.acme.directory in caught.value.what
    for host in HOSTS:
        assert f"{host}: " in caught.value.detail
    assert "urn:ietf:params:acme:error:unauthorized" in caught.value.detail
    assert "port 80" in caught.value.detail
    assert [bool(each) for each in seen.told] == [True, False]


def test_host_that_an_authority_never_signs_is_denied(authority: Pebble) -> None:
    """A host that the authority signs for nobody is denied with its reason, before any question."""
    with pytest.raises(DriverError, match="rejectedIdentifier") as caught:
        issuer().acme(["blocked.example.com"], authority.acme, kept().vault, authority.answers)
    assert caught.value.kind is ErrorKind.DENIED
    assert "blocked.example.com" in caught.value.detail
    assert authority.answers.told == []


def test_wildcard_cannot_be_proven(authority: Pebble) -> None:
    """A wildcard, which HTTP cannot prove, is refused with what to do."""
    with pytest.raises(DriverError, match="without a wildcard") as caught:
        issuer().acme(["*.example.com"], authority.acme, kept().vault, authority.answers)
    assert caught.value.kind is ErrorKind.INVALID
    assert authority.answers.told == []


def test_answer_that_cannot_be_given_is_the_error(authority: Pebble) -> None:
    """When the answers cannot be put in place, that is the error, and they are taken back."""
    told = []

    def broken(tokens: Mapping[str, str]) -> None:
        told.append(dict(tokens))
        if tokens:
            raise DriverError(ErrorKind.FAILED, "the gateway", "it is gone")

    with pytest.raises(DriverError, match="the gateway: it is gone"):
        issuer().acme(HOSTS[:1], authority.acme, kept().vault, broken)
    assert told[-1] == {}


def test_order_that_takes_too_long_is_given_up(authority: Pebble) -> None:
    """An order that is not done in time is given up, and its answers are taken back."""
    with pytest.raises(DriverError) as caught:
        issuer(patience=0).acme(HOSTS[:1], authority.acme, kept().vault, authority.answers)
    assert caught.value.kind is ErrorKind.TIMEOUT
    assert authority.answers.told[-1] == {}


def test_refused_nonces_are_no_obstacle() -> None:
    """An authority that refuses every third nonce signs all the same, and known hosts unasked."""
    with pebble(PEBBLE_WFE_NONCEREJECT="33", PEBBLE_AUTHZREUSE="100") as running:
        held = kept()
        first = issuer().acme(HOSTS, running.acme, held.vault, running.answers)
        assert len(running.answers.told) == 2
        second = issuer().acme(HOSTS, running.acme, held.vault, running.answers)
        assert len(running.answers.told) == 2
    assert first.pem != second.pem


def test_authority_without_its_root_is_not_trusted(authority: Pebble) -> None:
    """An authority with a root of its own is refused until the root is given, which is said."""
    stranger = authority.acme._replace(root=None)
    with pytest.raises(DriverError, match=r"not trusted: .*gateway\.acme\.root") as caught:
        issuer().acme(HOSTS, stranger, kept().vault, authority.answers)
    assert caught.value.kind is ErrorKind.UNREACHABLE


def test_root_that_cannot_be_read_is_named() -> None:
    """A root that is not there is an error of its own, which names the file."""
    lost = Acme("https://localhost:1/dir", root=FileSecret("/nowhere/root.pem"))
    with pytest.raises(DriverError, match=r"/nowhere/root\.pem: there is no such file") as caught:
        issuer().acme(HOSTS, lost, kept().vault, Answers())
    assert caught.value.kind is ErrorKind.INVALID


def test_root_that_is_no_certificate_is_named() -> None:
    """A root that is no certificate is an error of its own."""
    reader = LocalSecretReader({"ROOT": "not a certificate"})
    odd = Acme("https://localhost:1/dir", root=EnvSecret("ROOT"))
    with pytest.raises(DriverError, match="environment variable ROOT") as caught:
        Issuer(reader).acme(HOSTS, odd, kept().vault, Answers())
    assert caught.value.kind is ErrorKind.INVALID


def test_authority_that_is_not_there_is_unreachable() -> None:
    """A directory that nobody serves is unreachable, with the reason at the bottom of it."""
    with pytest.raises(DriverError, match="Connection refused") as caught:
        issuer().acme(HOSTS, Acme("https://127.0.0.1:1/dir"), kept().vault, Answers())
    assert caught.value.kind is ErrorKind.UNREACHABLE
    assert "https://127.0.0.1:1/dir" in caught.value.what


@pytest.mark.parametrize(
    "reply",
    [
        Reply(404, {}, b"<html>"),
        Reply(503, {}, b'{"message": "down"}'),
        Reply(200, {}, b"<html>"),
        Reply(200, {}, b"[]"),
        Reply(200, {}, b"{}"),
        Reply(200, {}, b'{"newAccount": 7, "newNonce": "x"}'),
    ],
)
def test_page_that_is_no_directory_is_unreachable(reply: Reply) -> None:
    """A URL that answers with something else than an ACME directory is named as such."""

    # The error that pytest holds would keep the connection open, and the server waits for its end.
    def page(_: Asked) -> Reply:
        return reply._replace(headers={"Connection": "close"})

    with serving(page) as (host, _), pytest.raises(DriverError, match="ACME") as caught:
        issuer().acme(HOSTS, Acme(f"http://{host}/"), kept().vault, Answers())
    assert caught.value.kind is ErrorKind.UNREACHABLE
