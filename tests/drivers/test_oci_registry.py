"""The registry client against servers in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from registry_servers import DIGEST, FOUND, Asked, Reply, bearer, serving

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.registry.auth import Auths, parse_challenge
from gitops.drivers.registry.http import OciHttp, is_loopback
from gitops.drivers.registry.oci import OciRegistry
from gitops.model.image import ImageRef
from gitops.model.outcomes import Absent, Found, Unreachable
from gitops.model.secret import Secret


@contextmanager
def client(
    auths: Auths | None = None, sleep: Callable[[float], None] | None = None
) -> Iterator[OciRegistry]:
    registry = OciRegistry(auths or {}, OciHttp(sleep) if sleep else None)
    try:
        yield registry
    finally:
        registry.close()


def image(host: str, tag: str = "1") -> ImageRef:
    return ImageRef(f"{host}/shop/web", tag)


def test_token_is_fetched_once() -> None:
    """A token is asked for with the credentials and the request's scope, and used until it ends."""
    with serving(bearer) as (host, asked), client({host: ("ann", Secret("pw"))}) as registry:
        assert [registry.digest(image(host, tag)) for tag in "12"] == [Found(DIGEST)] * 2
    assert [each.path.partition("?")[0] for each in asked] == [
        "/v2/shop/web/manifests/1",
        "/token",
        "/v2/shop/web/manifests/1",
        "/v2/shop/web/manifests/2",
    ]
    assert asked[1].path == "/token?service=reg&scope=repository%3Ashop%2Fweb%3Apull"


def test_token_that_ended_is_fetched_again() -> None:
    """A token whose life is over is replaced by a new one."""

    def short(request: Asked) -> Reply:
        return bearer(request, life=1)

    with serving(short) as (host, asked), client({host: ("ann", Secret("pw"))}) as registry:
        assert [registry.digest(image(host, tag)) for tag in "12"] == [Found(DIGEST)] * 2
    assert len([each for each in asked if each.path.startswith("/token")]) == 2


@pytest.mark.parametrize("pairs", [(), (("ann", Secret("wrong")),)])
def test_refused_credentials_are_not_absence(pairs: tuple[tuple[str, Secret], ...]) -> None:
    """A registry that refuses us makes an image unreachable, not absent, and says where to look."""
    with (
        serving(bearer) as (host, _),
        client(dict.fromkeys([host], *pairs) if pairs else {}) as registry,
    ):
        seen = registry.digest(image(host))
    assert isinstance(seen, Unreachable)
    assert "credentials" in seen.why
    assert "wrong" not in seen.why


def test_password_is_not_sent_in_the_clear() -> None:
    """A token service beyond this machine that has no TLS is sent no password."""

    def elsewhere(_: Asked) -> Reply:
        return Reply(401, {"WWW-Authenticate": 'Bearer realm="http://192.0.2.1/token"'})

    with serving(elsewhere) as (host, asked), client({host: ("a", Secret("pw"))}) as registry:
        assert isinstance(registry.digest(image(host)), Unreachable)
    assert all("Authorization" not in each.headers for each in asked)


def test_missing_digest_header_is_computed() -> None:
    """Without Docker-Content-Digest, the digest is that of the manifest's bytes."""
    with serving(lambda _: Reply(200, {}, b"{}")) as (host, asked), client() as registry:
        seen = registry.digest(image(host))
    digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert seen == Found(digest)
    assert [each.method for each in asked] == ["HEAD", "GET"]


def test_busy_registry_is_asked_again_politely() -> None:
    """A 429 is tried again after the time that the registry names, and given up after three."""
    waits: list[float] = []
    replies = [Reply(429, {"Retry-After": "2"}), Reply(429, {"Retry-After": "9999"}), FOUND]
    with serving(lambda _: replies.pop(0)) as (host, _), client(sleep=waits.append) as registry:
        assert registry.digest(image(host)) == Found(DIGEST)
    assert waits == [2.0, 10.0]
    with serving(lambda _: Reply(429)) as (host, asked), client(sleep=waits.append) as registry:
        assert isinstance(registry.digest(image(host)), Unreachable)
    assert len(asked) == 3


def test_read_that_breaks_in_the_registry_is_repeated() -> None:
    """A read that meets a manifest while it is written (500) is repeated in a moment."""
    waits: list[float] = []
    replies = [Reply(500), Reply(503), FOUND]
    with serving(lambda _: replies.pop(0)) as (host, _), client(sleep=waits.append) as registry:
        assert registry.digest(image(host)) == Found(DIGEST)
    assert waits == [0.1, 0.1]


def test_each_tag_is_asked_once() -> None:
    """Many lookups of few tags are one request a tag, and every tag gets its answer."""

    def answer(request: Asked) -> Reply:
        return Reply(404) if request.path.endswith("/7") else FOUND

    with serving(answer) as (host, asked), client() as registry:
        seen = registry.digests(image(host, str(number % 20)) for number in range(100))
    assert len(asked) == len(seen) == 20
    assert seen.pop(f"{host}/shop/web:7") == Absent(f"{host}/shop/web:7")
    assert set(seen.values()) == {Found(DIGEST)}


def test_broken_registry_is_unreachable() -> None:
    """A registry that answers 500, or not at all, makes an image unreachable."""
    error = b'{"errors":[{"code":"UNKNOWN","message":"disk"}]}'
    with serving(lambda _: Reply(500, {}, error)) as (host, _), client() as registry:
        answered = registry.digest(image(host))
        pinged = registry.ping(host)
    assert isinstance(answered, Unreachable)
    assert isinstance(pinged, Unreachable)
    with client() as registry:
        gone = registry.digest(image(host))
        with pytest.raises(DriverError, match="cannot be reached") as caught:
            registry.retag(image(host), "2")
    assert isinstance(gone, Unreachable)
    assert caught.value.kind is ErrorKind.UNREACHABLE


@pytest.mark.parametrize(
    ("digest", "kind"),
    [
        (DIGEST, "text/html; charset=utf-8"),
        (DIGEST, ""),
        ("sha256:short", "application/vnd.oci.image.index.v1+json"),
    ],
)
def test_page_of_a_login_is_no_manifest(digest: str, kind: str) -> None:
    """A proxy that answers 200 with something else neither names a digest nor says "absent"."""
    page = Reply(200, {"docker-content-digest": digest, "content-type": kind}, b"<html>Log in")
    with serving(lambda _: page) as (host, _), client() as registry:
        seen = registry.digest(image(host))
    assert isinstance(seen, Unreachable)
    assert host in seen.why


def test_ping_takes_a_locked_door_for_a_door() -> None:
    """A registry that wants credentials is there."""
    with serving(bearer) as (host, _), client() as registry:
        assert registry.ping(host) == Found("registry/2.0")


def test_challenge_is_parsed() -> None:
    """Quoted and bare parameters are read, commas inside quotes are kept."""
    header = 'Bearer realm="https://a/t",service=reg, scope="repository:x:pull,push"'
    scheme, parameters = parse_challenge(header)
    assert scheme == "bearer"
    assert parameters == {
        "realm": "https://a/t",
        "service": "reg",
        "scope": "repository:x:pull,push",
    }


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost:5000", True),
        ("127.1.2.3:5000", True),
        ("[::1]:5000", True),
        ("reg.localhost", True),
        ("127.example.com", False),
        ("192.168.0.1:5000", False),
        ("localhost.example.com", False),
    ],
)
def test_loopback_is_told_by_name(host: str, local: bool) -> None:  # noqa: FBT001
    """Plain HTTP is spoken to this machine alone."""
    assert is_loopback(host) is local
