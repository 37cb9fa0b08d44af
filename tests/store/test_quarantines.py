from __future__ import annotations

from gitops.model.address import Address
from gitops.model.records import Quarantine
from gitops.store.store import Store

SHOP = Address("WebApp", "shop")
NOON = 1_800_000_000.0

TASK = Address("BuildTask", "shop")
BAD = Quarantine("demo", SHOP, "aa11", "ProbeFailed", "run-1", NOON)


def test_bad_wishes_are_remembered_by_resource(store: Store) -> None:
    """History holds each bad wish of each resource of the project, with its latest reason."""
    store.holds.add(BAD)
    store.holds.add(BAD._replace(wish="bb22", reason="Exited"))
    store.holds.add(BAD._replace(reason="OutOfMemory", time=NOON + 1))
    store.holds.add(BAD._replace(address=TASK, reason="BuildFailed"))
    store.holds.add(BAD._replace(project="other"))
    assert store.history("demo").quarantined == {
        SHOP: {"aa11": "OutOfMemory", "bb22": "Exited"},
        TASK: {"aa11": "BuildFailed"},
    }


def test_bad_wishes_are_forgotten_on_request(store: Store) -> None:
    """A lift forgets the bad wishes of one resource, or of the whole project, and counts them."""
    for project in ("demo", "other"):
        for address in (SHOP, TASK):
            store.holds.add(BAD._replace(project=project, address=address))
    store.holds.add(BAD._replace(wish="bb22"))
    assert store.holds.lift("demo", SHOP) == 2
    assert set(store.history("demo").quarantined) == {TASK}
    assert store.holds.lift("demo", SHOP) == 0
    assert store.holds.lift("demo") == 1
    assert store.history("demo").quarantined == {}
    assert len(store.history("other").quarantined) == 2
