"""Obligation: after a restart of the engine all is back by itself, and no route leads astray."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from support.bench_story import commit, hello
from support.hosts_poller import HostsPoller
from support.own_engine import OwnEngine, why_not
from support.scenario import World, eventually

pytestmark = [pytest.mark.scenario, pytest.mark.xdist_group("own-engine")]

APPS = ("ant", "bee", "cat", "dog", "elk", "fox")
TWICE = ("bee", "dog")
"""Apps with two replicas."""


@pytest.fixture(scope="module")
def own_engine() -> Iterator[OwnEngine]:
    """Give an engine that may be stopped."""
    missing = why_not()
    if missing:
        pytest.skip(missing)
    made = OwnEngine("300m")
    try:
        made.load()
        yield made
    finally:
        made.close()


def documents(world: World, ant: str = "ant") -> list[dict[str, Any]]:
    """Return many apps of one image, each of which answers with its own name, and one with a slot.

    `ant` is what that app answers.
    """
    apps = [*world.base(), *hello(world, {"slots": [{"name": "x", "env": {"VERSION": "slot"}}]})]
    for name in APPS:
        app = {
            "image": {"repository": "hello"},
            "env": {"VERSION": ant if name == "ant" else name},
            "replicas": 2 if name in TWICE else 1,
            "health": {"path": "/healthz", **world.quick["health"]},
        }
        apps.append(world.document("WebApp", name, app))
    return apps


def expected(production: str, slot: str) -> dict[str, str]:
    """Return what each host has to answer."""
    own = {f"{name}.localhost": name for name in APPS}
    return {**own, "hello.localhost": production, "hello-x.localhost": slot}


def all_answer(poller: HostsPoller, hosts: dict[str, str]) -> None:
    """Wait until every host answers, anew from now on; none may ever answer as another app."""
    before = poller.look()

    def answered() -> bool:
        seen = poller.look()
        return bool(seen.wrong) or all(
            seen.right.get(host, 0) > before.right.get(host, 0) + 5 for host in hosts
        )

    eventually(answered, 60, "every host answers")
    assert poller.look().wrong == []


def test_an_engine_that_restarts(own_engine: OwnEngine, tmp_path: Path) -> None:
    """All apps are back by themselves, held ones too; no answer is ever another app's."""
    world = own_engine.world(tmp_path)
    # Ready at once: who answers tells its name from the first moment.
    commit(world, "one", READY_AFTER=0)
    world.documents(*documents(world))
    world.gitops("reconcile")
    world.gitops("swap", "WebApp/hello", "x", "--reason", "to try it")
    world.documents(*documents(world, ant="a mistake"))
    world.gitops("reconcile")
    world.gitops("rollback", "WebApp/ant", "--reason", "a mistake")
    hosts = expected("slot", "one")
    port = world.gateway_port
    before = world.ids()
    own_engine.stop()
    with HostsPoller(port, hosts, own_engine.within) as poller:
        assert poller.look().right == {}
        own_engine.start()
        all_answer(poller, hosts)
        assert world.ids() == before
        for pair in zip(APPS[::-1], APPS[2:] + APPS[:2], strict=True):
            together(own_engine, world, pair)
            all_answer(poller, hosts)

    said = world.gitops("reconcile").out
    assert "in sync" in said
    assert world.ids() == before
    world.gitops("down", "--volumes")


def together(own_engine: OwnEngine, world: World, apps: tuple[str, str]) -> None:
    """Restart the containers of two apps at the same moment."""
    both = [one["Id"] for name in apps for one in world.containers(name)]
    threads = [
        Thread(target=own_engine.client.restart, args=(one,), kwargs={"timeout": 1}) for one in both
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
