from __future__ import annotations

from collections.abc import Callable

from gitops.model.address import Address
from gitops.model.outcomes import Done, Retry, Stalled
from gitops.model.records import Quarantine
from gitops.store.store import Store

SHOP = Address("WebApp", "shop")
OTHER = Address("WebApp", "other")
NOON = 1_800_000_000.0

Begin = Callable[..., str]


def test_last_failure_is_found(store: Store, begin: Begin) -> None:
    """Of all runs, the latest step of a resource that went wrong is found with its words."""
    assert store.runs.last_failure("demo", SHOP) is None
    first, second = begin(), begin()
    store.runs.end_step(first, 1, Stalled("it broke", "cause: a"), NOON + 1)
    store.runs.end_step(second, 2, Retry("no answer", "later"), NOON + 2)
    found = store.runs.last_failure("demo", SHOP)
    assert found is not None
    assert (found.run, found.number, found.reason) == (second, 2, "no answer")
    assert store.runs.last_failure("demo", OTHER) is None
    assert store.runs.last_failure("another", SHOP) is None


def test_failure_that_was_made_up_for_is_none(store: Store, begin: Begin) -> None:
    """After a later revision served, an old failure explains nothing."""
    first = begin()
    store.runs.end_step(first, 1, Stalled("it broke", ""), NOON + 1)
    store.runs.end_step(first, 2, Done(), NOON + 2)
    assert store.runs.last_failure("demo", SHOP) is not None, "any step is not a success"
    with store.runs._database.write() as transaction:
        transaction.execute("UPDATE steps SET action = 'KeepRevision' WHERE number = 2")
    assert store.runs.last_failure("demo", SHOP) is None


def test_bad_wishes_of_one_resource(store: Store) -> None:
    """The bad wishes of a resource are listed with their time and run, the latest last."""
    new = Quarantine("demo", SHOP, "b", "broke again", "run-2", NOON + 1)
    old = Quarantine("demo", SHOP, "a", "broke", "run-1", NOON)
    for quarantine in (new, old, Quarantine("demo", OTHER, "c", "other", "run-1", NOON)):
        store.holds.add(quarantine)
    assert store.holds.list("demo", SHOP) == (old, new)
    assert store.exists
