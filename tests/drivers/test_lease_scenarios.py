"""The lease on a real engine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from engine_fixtures import ADDRESS, Lab, lab

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.connection import connect_engine
from gitops.drivers.engine.lease import HEARTBEAT, TTL, VolumeLease
from gitops.drivers.processes import is_alive, this_host, this_process
from gitops.model.lease import Lease

pytestmark = pytest.mark.scenario
__all__ = ["lab"]


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def lease(name: str, process: str = "") -> Lease:
    """Return a lease of a holder on another machine, or of `process` on this one."""
    host = this_host() if process else "elsewhere"
    return Lease(name, f"{name}@host", host, process or "1:1", "reconcile")


def keeper(lab: Lab, clock: Callable[[], float] | None = None) -> VolumeLease:
    return VolumeLease(lab.http, is_alive, clock)


def volumes(lab: Lab) -> list[str]:
    found = lab.http.call("GET", "/volumes").json()["Volumes"] or ()  # type: ignore[index]
    return [each["Name"] for each in found if lab.name in each["Name"]]


def test_second_holder_learns_of_the_first(lab: Lab) -> None:
    """Who comes second gets the first one's lease back: owner, reason, and since when."""
    keeper(lab).acquire(lab.name, lease("ann"))
    held = keeper(lab).acquire(lab.name, lease("bob"))
    assert (held.id, held.owner, held.reason) == ("ann", "ann@host", "reconcile")
    assert held.since > 1_600_000_000
    assert keeper(lab).holder(lab.name) == held


def test_release_leaves_nothing(lab: Lab) -> None:
    """After a release, no volume of the lease is left, and the next one gets it."""
    clock = Clock()
    mine = keeper(lab, clock)
    mine.acquire(lab.name, lease("ann"))
    for _ in range(3):
        clock.now += HEARTBEAT
        mine.renew(lab.name, lease("ann"))
    assert len(volumes(lab)) == 2
    mine.release(lab.name, lease("ann"))
    assert volumes(lab) == []
    assert keeper(lab).holder(lab.name) is None


def test_heartbeat_keeps_a_lease(lab: Lab) -> None:
    """A lease with a heartbeat stays its holder's beyond the time to live; without, it ends."""
    clock = Clock()
    mine = keeper(lab, clock)
    mine.acquire(lab.name, lease("ann"))
    clock.now += TTL
    mine.renew(lab.name, lease("ann"))
    clock.now += TTL
    assert mine.acquire(lab.name, lease("bob")).id == "ann"
    clock.now += 1
    assert mine.holder(lab.name) is None
    assert mine.acquire(lab.name, lease("bob")).id == "bob"
    with pytest.raises(DriverError, match="taken by bob@host") as caught:
        mine.renew(lab.name, lease("ann"))
    assert caught.value.kind is ErrorKind.CONFLICT
    mine.release(lab.name, lease("ann"))
    assert mine.holder(lab.name) is not None


def test_taking_over_leaves_one_volume(lab: Lab) -> None:
    """A lease that was taken over is one volume: what the previous holder left is gone."""
    clock = Clock()
    mine = keeper(lab, clock)
    mine.acquire(lab.name, lease("ann"))
    clock.now += HEARTBEAT
    mine.renew(lab.name, lease("ann"))
    clock.now += 2 * TTL
    mine.acquire(lab.name, lease("bob"))
    assert volumes(lab) == [f"gitops-lease-{lab.name}"]


def test_dead_process_of_this_machine_holds_nothing(lab: Lab) -> None:
    """A holder on this machine whose process is gone is no holder, at once."""
    source = "from gitops.drivers.processes import this_process; print(this_process())"
    dead = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    ).stdout.strip()
    mine = keeper(lab)
    mine.acquire(lab.name, lease("dead", dead))
    assert mine.holder(lab.name) is None
    alive = lease("alive", this_process())
    assert mine.acquire(lab.name, alive).id == "alive"
    assert mine.acquire(lab.name, lease("bob")).id == "alive"


@pytest.mark.parametrize("expired", [False, True])
def test_one_of_many_wins(lab: Lab, expired: bool) -> None:  # noqa: FBT001
    """Of many who take a free or an expired lease at the same time, exactly one gets it."""
    clock = Clock()
    if expired:
        keeper(lab, clock).acquire(lab.name, lease("old"))
        clock.now += 2 * TTL
    barrier = Barrier(6)
    winners: list[str] = []

    def take(name: str) -> None:
        barrier.wait()
        if keeper(lab, clock).acquire(lab.name, lease(name)).id == name:
            winners.append(name)

    threads = [Thread(target=take, args=(f"taker{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = keeper(lab, clock).holder(lab.name)
    assert held is not None
    assert winners == [held.id]


def test_projects_do_not_meet(lab: Lab) -> None:
    """Leases of two projects, one's name the beginning of the other's, are two."""
    mine = keeper(lab)
    mine.acquire(lab.name, lease("ann"))
    assert mine.acquire(f"{lab.name}-two", lease("bob")).id == "bob"
    mine.release(f"{lab.name}-two", lease("bob"))
    assert mine.holder(lab.name) is not None


def test_look_is_one_read() -> None:
    """Asking for the holder is one call, a read."""
    calls: list[tuple[str, str]] = []
    http = connect_engine(ADDRESS, os.environ, lambda *call: calls.append(call))
    VolumeLease(http, is_alive).holder("nobody")
    http.close()
    assert [method for method, _ in calls] == ["GET"]
