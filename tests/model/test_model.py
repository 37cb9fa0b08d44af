"""Names, images and secrets: values that many places read, and that must not be misread."""

from __future__ import annotations

import copy
import json
import logging
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops.model.address import KINDS, Address, parse_address
from gitops.model.image import ImageRef, canonical, parse_image, registry_of
from gitops.model.secret import EnvSecret, FileSecret, Secret

DIGEST = "sha256:" + "5e" * 32


@pytest.mark.parametrize("kind", KINDS)
def test_an_address_reads_as_it_was_written(kind: str) -> None:
    """`Kind/name` is parsed whatever the case of the kind, and prints in the one right way."""
    for spelled in (kind, kind.lower(), kind.upper()):
        assert str(parse_address(f"{spelled}/shop")) == f"{kind}/shop"


@pytest.mark.parametrize("text", ["shop", "", "/", "WebApp/", "/shop", "Pod/shop", "Web App/shop"])
def test_what_is_no_address_is_an_error_that_says_how_one_looks(text: str) -> None:
    """The error quotes what was written and lists the kinds."""
    with pytest.raises(ValueError, match="write Kind/name with a kind of Target, ") as caught:
        parse_address(text)
    assert repr(text) in str(caught.value)


def test_addresses_sort_and_compare_by_value() -> None:
    """Two equal addresses are one key."""
    assert {Address("WebApp", "a"): 1}[parse_address("webapp/a")] == 1
    assert Address("Target", "b") < Address("WebApp", "a")


@pytest.mark.parametrize(
    ("text", "repository", "tag", "digest"),
    [
        ("nginx", "nginx", "latest", ""),
        ("nginx:1.27", "nginx", "1.27", ""),
        ("localhost:5000/shop", "localhost:5000/shop", "latest", ""),
        ("localhost:5000/shop/web:v1", "localhost:5000/shop/web", "v1", ""),
        (f"nginx@{DIGEST}", "nginx", "", DIGEST),
        (f"ghcr.io/a/b:v1@{DIGEST}", "ghcr.io/a/b", "v1", DIGEST),
    ],
)
def test_an_image_is_split_at_the_right_colon(
    text: str, repository: str, tag: str, digest: str
) -> None:
    """The colon of a port is not that of a tag; with neither tag nor digest it is `latest`."""
    assert parse_image(text) == ImageRef(repository, tag, digest)


@given(
    st.from_regex(r"[a-z0-9]{1,8}(\.[a-z]{2,3}|:[0-9]{1,5})?(/[a-z0-9]{1,8}){1,3}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,10}", fullmatch=True),
    st.sampled_from(["", DIGEST]),
)
def test_an_image_that_is_printed_is_read_back(repository: str, tag: str, digest: str) -> None:
    """Parsing is the reverse of printing."""
    image = ImageRef(repository, tag, digest)
    assert parse_image(str(image)) == image
    assert image.pinned == (f"{repository}@{digest}" if digest else f"{repository}:{tag}")


@pytest.mark.parametrize(
    ("repository", "split"),
    [
        ("nginx", ("docker.io", "library/nginx")),
        ("grafana/loki", ("docker.io", "grafana/loki")),
        ("localhost/shop", ("localhost", "shop")),
        ("localhost:5000/shop/web", ("localhost:5000", "shop/web")),
        ("ghcr.io/a/b", ("ghcr.io", "a/b")),
    ],
)
def test_the_registry_of_an_image_is_told_as_the_engine_tells_it(
    repository: str, split: tuple[str, str]
) -> None:
    """The first part is a host when it has a dot or a colon or is `localhost`."""
    assert registry_of(repository) == split


@pytest.mark.parametrize(
    ("name", "one"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("library/busybox:latest", "docker.io/library/busybox:latest"),
        ("index.docker.io/library/busybox", "docker.io/library/busybox:latest"),
        ("me/base:1", "docker.io/me/base:1"),
        ("docker.io/me/base:1", "docker.io/me/base:1"),
        ("docker.io/busybox", "docker.io/library/busybox:latest"),
        ("localhost:5000/base:1@sha256:" + "a" * 64, "localhost:5000/base:1"),
    ],
)
def test_an_image_has_one_canonical_name(name: str, one: str) -> None:
    """However an image is spelled, it is known by the same name."""
    assert str(canonical(name)) == one


def printed(secret: Secret) -> list[str]:
    """Return a secret in every form in which values usually end up in a text."""
    record = logging.LogRecord("x", logging.INFO, "x", 1, "%s %r", (secret, secret), None)
    return [
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret!r}",
        format(secret),
        "{}".format(secret),  # noqa: UP032 - the very form that is looked at
        "%s" % secret,  # noqa: UP031 - the same
        repr([secret]),
        repr({"password": secret}),
        str((EnvSecret("PW"), secret)),
        json.dumps({"password": secret}, default=str),
        record.getMessage(),
    ]


def test_a_secret_prints_as_stars_wherever_it_is_printed() -> None:
    """No way of formatting shows the value."""
    for text in printed(Secret("hunter2")):
        assert "hunter2" not in text
        assert "***" in text


def test_a_secret_is_not_written_as_json_by_accident() -> None:
    """Without a word about how, JSON refuses it."""
    with pytest.raises(TypeError, match="Secret is not JSON serializable"):
        json.dumps(Secret("hunter2"))


def test_a_traceback_that_names_a_secret_shows_no_value() -> None:
    """An error with a secret among its arguments stays silent about it."""
    assert "hunter2" not in repr(ValueError("wrong password", Secret("hunter2")))


def test_secrets_compare_by_value_and_reveal_it_on_demand() -> None:
    """Two equal values are equal, a plain text never is, and a copy is the same."""
    secret = Secret("hunter2")
    assert secret == Secret("hunter2")
    assert secret != Secret("other")
    assert secret != "hunter2"
    assert len({secret, Secret("hunter2")}) == 1
    assert copy.deepcopy(secret).reveal() == "hunter2"
    assert not hasattr(secret, "__dict__")


def test_a_version_changes_with_the_value_and_with_the_purpose() -> None:
    """Eight digits tell that a value changed; equal values for two purposes look different."""
    secret = Secret("hunter2")
    assert len(secret.version("demo/WebApp/shop/PW")) == 8
    assert secret.version("a") == Secret("hunter2").version("a")
    assert secret.version("a") != Secret("hunter3").version("a")
    assert secret.version("a") != secret.version("b")


def test_references_may_be_printed() -> None:
    """Where a secret comes from is said in words that help to find it."""
    assert str(EnvSecret("PW")) == "environment variable PW"
    assert str(FileSecret("/run/pw")) == "file /run/pw"
    assert pickle.loads(pickle.dumps(EnvSecret("PW"))) == EnvSecret("PW")  # noqa: S301 - our own
