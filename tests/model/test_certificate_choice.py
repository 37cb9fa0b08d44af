from __future__ import annotations

import pytest

from gitops.model.certificates import Certificate, due, public

DAY = 86_400


@pytest.mark.parametrize(
    ("life", "left", "expected"),
    [(90, 31, "kept"), (90, 30, "due"), (90, -1, "due"), (6, 3, "kept"), (6, 2, "due")],
)
def test_certificate_is_due_when_a_third_of_its_life_is_left(
    life: int, left: int, expected: str
) -> None:
    """A new certificate is due from the day on which a third of the old one's life is left."""
    certificate = Certificate("shop", ("shop.test",), 1000, 1000 + life * DAY, "internal")
    assert due(certificate, 1000 + (life - left) * DAY) is (expected == "due")


@pytest.mark.parametrize(
    "host", ["shop.example.com", "SHOP.Example.COM.", "a.b.c.dev", "xn--bcher-kva.ch", "local.io"]
)
def test_name_of_the_public_dns_is_public(host: str) -> None:
    """A name with a dot, under a domain that the public DNS may have, is public."""
    assert public(host)


@pytest.mark.parametrize(
    "host",
    [
        *("shop", "localhost", "shop.localhost", "nas.local", "git.internal", "router.home.arpa"),
        *("pc.lan", "shop.test", "www.example", "no.invalid", "Shop.LOCALHOST.", "a.onion"),
        *("192.0.2.1", "::1", "2001:db8::1", "::ffff:192.0.2.1", "shop.123"),
    ],
)
def test_other_names_and_addresses_are_private(host: str) -> None:
    """A name without a dot, one under a domain kept for private use, and an address are private."""
    assert not public(host)
