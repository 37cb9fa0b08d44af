from __future__ import annotations

from itertools import pairwise

import pytest
from support.clocks import ManualClock

from gitops.engine.watch.backoff import LONGEST, delay
from gitops.engine.watch.patience import Patience
from gitops.model.address import Address

SHOP = Address("WebApp", "shop")
API = Address("WebApp", "api")


def test_delay_doubles_up_to_the_longest() -> None:
    """The first retry comes after a second, each later one after twice as long, up to 15 min."""
    middle = [delay(attempts, 0.5) for attempts in range(1, 13)]
    assert middle[:4] == pytest.approx([1.0, 2.0, 4.0, 8.0])
    assert all(before <= after for before, after in pairwise(middle))
    assert middle[-1] == pytest.approx(LONGEST)
    assert delay(5000, 0.5) == pytest.approx(LONGEST)


def test_delay_is_spread_by_a_fifth() -> None:
    """Chance moves a delay by a fifth either way, so that many do not try at once."""
    assert delay(3, 0.0) == pytest.approx(3.2)
    assert delay(3, 0.999999) == pytest.approx(4.8)


def test_failures_in_a_row_wait_longer() -> None:
    """Each failure of the same wish doubles the wait; until it is over, it is too early."""
    clock = ManualClock()
    patience = Patience(clock, lambda: 0.5)
    assert patience.failed(SHOP, "v1") == pytest.approx(1.0)
    assert patience.waits(SHOP, "v1")
    clock.now += 1.0
    assert not patience.waits(SHOP, "v1")
    assert patience.failed(SHOP, "v1") == pytest.approx(2.0)


def test_newer_wish_starts_from_nothing() -> None:
    """A newer wish does not wait for the older one's failures, and counts its own anew."""
    patience = Patience(ManualClock(), lambda: 0.5)
    for _ in range(5):
        patience.failed(SHOP, "v1")
    assert not patience.waits(SHOP, "v2")
    assert patience.failed(SHOP, "v2") == pytest.approx(1.0)


def test_success_forgets() -> None:
    """What has ended well has no failures behind it; others keep theirs."""
    patience = Patience(ManualClock(), lambda: 0.5)
    patience.failed(SHOP, "v1")
    patience.failed(API, "v1")
    patience.succeeded([SHOP])
    assert not patience.waits(SHOP, "v1")
    assert patience.waits(API, "v1")


def test_due_is_the_next_wait_that_ends() -> None:
    """The loop sleeps until the first wait is over; without any, for ever."""
    clock = ManualClock()
    patience = Patience(clock, lambda: 0.5)
    assert patience.due() == float("inf")
    patience.failed(SHOP, "v1")
    patience.failed(SHOP, "v1")
    patience.failed(API, "v1")
    assert patience.due() == pytest.approx(1001.0)
    clock.now = 1001.5
    assert patience.due() == pytest.approx(1002.0)
