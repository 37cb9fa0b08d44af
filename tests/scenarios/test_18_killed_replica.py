"""Obligation: one of three replicas that is killed costs what it had begun, and is soon back."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import pytest
from support.bench_story import commit, storm, write
from support.engine_proxy import Call, EngineProxy
from support.scenario import World, eventually
from support.storm import FIVE_HUNDRED, Report, Storm

pytestmark = [pytest.mark.scenario, pytest.mark.timed]

CLIENTS = FIVE_HUNDRED.busy + FIVE_HUNDRED.slow + FIVE_HUNDRED.single
IN_FLIGHT = CLIENTS // 3
"""A client has one request at a time, and the gateway spreads them evenly over three replicas."""

SOON = 2.0
"""Seconds from the event that tells of a replica's end until it runs again."""

OURS = 1.5
"""How much of that is ours, at most; the rest is what the engine takes to start a container."""


class Took(NamedTuple):
    """Seconds from a replica's end: until the engine was told to start it, until it was started."""

    told: float
    started: float


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


def first(world: World, since: float, kind: str) -> float:
    """Return when the first event of a kind came, in seconds since 1970."""
    found = eventually(lambda: happened(world, since, kind), what=kind)
    return float(found[0]["timeNano"] / 1e9)


def answering(report: Report) -> set[str]:
    """Return the replicas that have answered in the last second."""
    return {one.host for one in report.seen if one.last > report.seconds - 1.0}


def killed(world: World, load: Storm, container: str, told: list[float]) -> Took:
    """Kill a replica; return how long it took until it ran again, when all three answer."""
    hosts = {one["Id"][:12] for one in world.containers("hello")}
    before = load.until(lambda report: answering(report) == hosts)
    since = time.time()
    told.clear()
    world.engine.kill(container, signal="SIGKILL")
    died, started = first(world, since, "die"), first(world, since, "start")
    late = before.seconds + 1.0
    report = load.until(lambda one: answering(one) == hosts and one.seconds > late)
    assert report.failed - before.failed <= IN_FLIGHT, str(report)
    return Took(told[0] - died, started - died)


def test_a_replica_that_is_killed(world: World, proxy: EngineProxy) -> None:
    """Each replica that is killed loses at most what it had begun, and runs again 2 s later."""
    told: list[float] = []

    def note(call: Call) -> None:
        if call.method == "POST" and call.path.endswith("/start"):
            told.append(time.time())

    proxy.on_call = note
    commit(world, "one")
    write(world, replicas=3)
    watch = world.start("watch")
    watch.wait_line("in sync: ", timeout=60)
    with storm(world) as load:
        took = [killed(world, load, one["Id"], told) for one in world.containers("hello")]
        report = load.until(lambda report: report.achieved >= 500, 60)
    assert report.not_ready == []
    assert max(one.told for one in took) <= OURS, str(took)
    assert min(one.started for one in took) <= SOON, str(took)
    watch.interrupt()
    assert watch.wait() == 0, watch.text
