from __future__ import annotations

from gitops.model.address import Address
from gitops.model.lease import Lease
from gitops.model.records import EventType, NewEvent, NewRun, RunState
from gitops.store.retention import KEPT_EVENTS
from gitops.store.store import Store

SHOP = Address("WebApp", "shop")
NOON = 1_800_000_000.0

BLOG = Address("WebApp", "blog")
PULLED = NewEvent("demo", SHOP, EventType.NORMAL, "Pulled", "pulled shop:1", NOON, "run-1")
FAILED = NewEvent("demo", SHOP, EventType.WARNING, "ProbeFailed", "status 500", NOON, "run-1")


def test_an_event_is_remembered(store: Store) -> None:
    """An event is found again with everything that was said."""
    store.events.append([PULLED])
    (event,) = store.events.list("demo")
    assert event == (
        *(event.id, "demo", SHOP, EventType.NORMAL, "Pulled", "pulled shop:1"),
        *(1, NOON, NOON, "run-1"),
    )
    assert event.type is EventType.NORMAL


def test_a_repeated_event_is_counted(store: Store) -> None:
    """The same event again within an hour of the last time is one row with a count."""
    store.events.append([FAILED, PULLED._replace(address=BLOG)])
    store.events.append([FAILED._replace(time=NOON + 3000, run="run-2")])
    store.events.append([FAILED._replace(time=NOON + 6000, run="run-3")])
    (event,) = store.events.list("demo", SHOP)
    assert (event.times, event.first, event.last) == (3, NOON, NOON + 6000)
    assert event.run == "run-3"


def test_what_differs_is_an_event_of_its_own(store: Store) -> None:
    """Another message, reason, type, resource or project, or an hour later, is another event."""
    store.events.append(
        [
            FAILED,
            FAILED._replace(message="status 502"),
            FAILED._replace(reason="Broken", message="status 502"),
            FAILED._replace(reason="Broken", message="status 502", type=EventType.NORMAL),
            FAILED._replace(address=BLOG),
            FAILED._replace(project="other"),
            FAILED,
            FAILED._replace(time=NOON + 3600),
        ]
    )
    assert [event.times for event in store.events.list("demo")] == [1] * 7
    assert [event.times for event in store.events.list("other")] == [1]


def test_events_are_asked_for_by_resource_and_time(store: Store) -> None:
    """Events come oldest first, the latest ones when limited, by resource and by time."""
    store.events.append(
        [PULLED._replace(message=str(number), time=NOON + number) for number in range(5)]
    )
    store.events.append([PULLED._replace(address=BLOG)])
    assert [event.message for event in store.events.list("demo", SHOP)] == list("01234")
    assert [event.message for event in store.events.list("demo", SHOP, limit=2)] == ["3", "4"]
    late = store.events.list("demo", since=NOON + 3)
    assert [event.message for event in late] == ["3", "4"]


def test_events_are_followed(store: Store) -> None:
    """A follower gets what came after the last event it saw, and a repetition not again."""
    store.events.append([PULLED, FAILED])
    last = store.events.follow("demo", 0)[-1].id
    assert store.events.follow("demo", last) == ()
    store.events.append([FAILED, PULLED, PULLED._replace(address=BLOG)])
    assert [event.address for event in store.events.follow("demo", last)] == [SHOP, BLOG]
    assert [event.address for event in store.events.follow("demo", last, BLOG)] == [BLOG]


def test_the_latest_events_are_kept(store: Store) -> None:
    """The end of a run forgets a project's events beyond the latest 5,000."""
    store.events.append([PULLED._replace(project="other")])
    store.events.append([PULLED._replace(message=str(number)) for number in range(KEPT_EVENTS + 3)])
    lease = Lease("lease-1", "ann", "laptop", "1", "reconcile")
    run = store.runs.start(NewRun("demo", "reconcile", "by hand", lease, NOON), [])
    store.runs.finish(run, RunState.CONVERGED, "", NOON)
    kept = store.events.list("demo", limit=10_000)
    assert (len(kept), kept[0].message) == (KEPT_EVENTS, "3")
    assert len(store.events.list("other")) == 1
