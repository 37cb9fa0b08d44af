"""Obligation: a rollback and a swap hold until somebody ends them, whatever happens meanwhile.

An engine that restarts meanwhile is in test_20_engine_restart.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from support.bench_story import LIGHT, commit, storm, write
from support.looks import gateway
from support.scenario import World, eventually

pytestmark = pytest.mark.scenario

HOSTS = ("hello.localhost", "hello-staging.localhost")
STAGING = [{"name": "staging", "env": {"VERSION": "staged"}}]


def versions(world: World) -> list[str]:
    """Return the versions that production and the slot answer with."""
    return [world.ask(host).body.partition(" ")[0] for host in HOSTS]


def gateway_answers(world: World) -> bool:
    """Say whether the gateway serves an app."""
    return world.ask().status == 200


def mishaps(world: World) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what happens to a project that is held, one after the other."""
    yield "nothing", lambda: None
    yield "a deleted database", lambda: shutil.rmtree(world.state)
    yield "a deleted cache", lambda: shutil.rmtree(world.cache, ignore_errors=True)
    yield "a new latest", lambda: commit(world, "three")
    yield "a gateway that restarts", lambda: world.engine.restart(gateway(world), timeout=5)
    yield "a gateway that is lost", lambda: world.engine.remove_container(
        gateway(world), force=True
    )


def holds(world: World, expected: list[str], *, because: str) -> None:
    """Let everything happen; after each reconcile the same versions answer, and it is said why."""
    for what, happen in mishaps(world):
        happen()
        eventually(lambda: gateway_answers(world) or what == "a gateway that is lost")
        world.gitops("reconcile")
        assert versions(world) == expected, what
        assert because in world.gitops("status", ok=None).out, what


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
