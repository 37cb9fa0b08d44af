"""Obligation: under 500 requests a second, whatever is done, none fails and none comes too early."""

from __future__ import annotations

import time

import pytest
from support.bench_story import commit, storm, write
from support.scenario import World
from support.storm import Report

pytestmark = pytest.mark.scenario

STAGING = {"slots": [{"name": "staging", "replicas": 1, "env": {"VERSION": "staged"}}]}


def lost_nothing(report: Report) -> None:
    """Fail if a request failed, or was answered by a replica that was not ready."""
    assert report.not_ready == [], str(report)
    assert report.failed == 0, str(report)


def test_rollouts(world: World) -> None:
    commit(world, "one")
    t = time.monotonic()
    def lap(what):
        nonlocal t
        print(what, round(time.monotonic() - t, 1), flush=True)
        t = time.monotonic()
    write(world, replicas=3, **STAGING)
    world.gitops("reconcile")
    lap("first")
    with storm(world) as load:
        load.serves("one")
        commit(world, "two")
        world.gitops("reconcile")
        lap("redeploy")
        lost_nothing(load.look())
        for n in (1,4,2):
            write(world, replicas=n, **STAGING)
            world.gitops("reconcile")
            lap(f"scale {n}")
            lost_nothing(load.look())
        world.gitops("swap", "WebApp/hello", "staging", "--reason", "to try it")
        lap("swap")
        lost_nothing(load.look())
        world.gitops("swap", "WebApp/hello", "staging")
        lap("back")
        lost_nothing(load.look())
        world.gitops("rollback", "WebApp/hello", "--reason", "two is slow")
        lap("rollback")
        lost_nothing(load.look())
        world.gitops("resume", "WebApp/hello")
        lap("resume")
        lost_nothing(load.look())
        report = load.stop()
    print(report)
    print(report.seen)
