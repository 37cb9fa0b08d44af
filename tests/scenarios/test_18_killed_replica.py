"""Obligation: one of three replicas that is killed costs what it had begun, and is soon back."""

from __future__ import annotations

import time
from typing import Any

import pytest
from support.bench_story import commit, storm, write
from support.scenario import World, eventually
from support.storm import FIVE_HUNDRED, Report

pytestmark = pytest.mark.scenario

CLIENTS = FIVE_HUNDRED.busy + FIVE_HUNDRED.slow + FIVE_HUNDRED.single
IN_FLIGHT = CLIENTS // 3
"""A client has one request at a time, and the gateway spreads them evenly over three replicas."""

SOON = 2.0


def happened(world: World, since: float, kind: str) -> list[dict[str, Any]]:
    """Return the events of one kind, about the app's containers, from a time until now."""
    wanted = [f"gitops.project={world.project}", "gitops.name=hello"]
    found = world.engine.events(
        since=int(since),
        until=int(time.time()) + 1,
        filters={"label": wanted, "event": [kind]},
        decode=True,
    )
    return [one for one in found if one["timeNano"] >= since * 1e9]


def answering(report: Report, seconds: float) -> set[str]:
    """Return the replicas that have answered in the last seconds."""
    return {one.host for one in report.seen if one.last > report.seconds - seconds}


def test_a_replica_that_is_killed(world: World) -> None:
    """A killed replica loses at most what it had begun; 2 s later it runs, and all three serve."""
    commit(world, "one")
    write(world, replicas=3)
    watch = world.start("watch")
    watch.wait_line("in sync: ", timeout=60)
    with storm(world) as load:
        load.until(lambda report: len(report.hosts) == 3)
        killed = world.containers("hello")[0]["Id"]
        since = time.time()
        world.engine.kill(killed, signal="SIGKILL")
        (died,) = eventually(lambda: happened(world, since, "die"), what="it dies")
        (started,) = eventually(lambda: happened(world, since, "start"), what="one starts")
        print("TOOK", (started["timeNano"] - died["timeNano"]) / 1e9)
        now = eventually(
            lambda: {one["Id"][:12] for one in world.containers("hello") if one["State"] == "running"}
        )
        assert len(now) == 3
        load.until(lambda report: answering(report, 1.0) == now)
        report = load.until(lambda report: report.achieved >= 500, 60)
        print(report, now, report.hosts)
    assert report.failed <= IN_FLIGHT, str(report)
    assert started["timeNano"] - died["timeNano"] <= SOON * 1e9
    assert report.not_ready == []
    watch.interrupt()
    assert watch.wait() == 0, watch.text
