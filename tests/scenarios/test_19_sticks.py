"""Obligation: a rollback and a swap hold until somebody ends them, whatever happens meanwhile.

An engine that restarts meanwhile is in test_20_engine_restart.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from support.bench_story import commit, write
from support.looks import gateway
from support.scenario import World, eventually

pytestmark = pytest.mark.scenario

HOSTS = ("hello.localhost", "hello-staging.localhost")
STAGING = [{"name": "staging", "env": {"VERSION": "staged"}}]


def versions(world: World) -> list[str]:
    """Return the versions that production and the slot answer with."""
    return [world.ask(host).body.partition(" ")[0] for host in HOSTS]


def forget(world: World) -> None:
    """Lose the database, and all that can be had again, as on a fresh machine."""
    shutil.rmtree(world.state)
    shutil.rmtree(world.cache, ignore_errors=True)


def restart_gateway(world: World) -> None:
    """Restart the gateway by hand."""
    world.engine.restart(gateway(world), timeout=5)
    eventually(lambda: world.ask().status == 200, what="the gateway serves")


def mishaps(world: World) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what happens to a project that is held, one after the other."""
    yield "a reconcile", lambda: None
    yield "a deleted database", lambda: forget(world)
    yield "a new latest", lambda: commit(world, "three")
    yield "a gateway that restarts", lambda: restart_gateway(world)


def holds(world: World, expected: list[str], *, because: str) -> None:
    """Let everything happen; after each reconcile the same versions answer, and it is said why."""
    for what, happen in mishaps(world):
        happen()
        assert versions(world) == expected, what
        world.gitops("reconcile")
        assert versions(world) == expected, what
        assert because in world.gitops("status").out, what
    assert world.registry_digest() != world.containers("hello")[0]["Labels"]["gitops.digest"]


def test_a_rollback_sticks(world: World) -> None:
    """A rollback is still there after each mishap, and says why; `resume` ends it."""
    commit(world, "one")
    write(world, slots=STAGING)
    world.gitops("reconcile")
    commit(world, "two")
    world.gitops("reconcile")
    world.gitops("rollback", "WebApp/hello", "--reason", "two is slow")
    holds(world, ["one", "staged"], because="two is slow")
    world.gitops("resume", "WebApp/hello")
    assert versions(world) == ["three", "staged"]


def test_a_swap_sticks(world: World) -> None:
    """A swap is still there after each mishap, and says why; the way back brings all of it back."""
    commit(world, "one")
    write(world, slots=STAGING)
    world.gitops("reconcile")
    world.gitops("swap", "WebApp/hello", "staging", "--reason", "staged is good")
    holds(world, ["staged", "one"], because="staged is good")
    world.gitops("swap", "WebApp/hello", "staging")
    assert versions(world) == ["one", "staged"]
    world.gitops("resume", "WebApp/hello")
    assert versions(world) == ["three", "staged"]
