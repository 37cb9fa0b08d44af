"""Obligation: from nothing to running apps, and a second run that touches nothing."""

from __future__ import annotations

import shutil

import pytest
from support.engine_proxy import READS, EngineProxy
from support.looks import look_at_gateway, registry_requests
from support.scenario import World

pytestmark = pytest.mark.scenario

RESOURCES = ("Target/local", "Registry/local", "Repository/hello", "BuildTask/hello")


def test_an_empty_engine_becomes_running_apps(world: World) -> None:
    """From an empty engine, one run leads to a registry, a gateway and apps that answer."""
    world.page("one")
    app = {"image": {"repository": "hello"}, "host": "second.localhost", **world.quick}
    second = world.document("WebApp", "second", app)
    world.documents(*world.base(), *world.story(), second)
    world.gitops("reconcile")
    assert world.ask() == (200, "one\n")
    assert world.ask("second.localhost") == (200, "one\n")
    assert {one["State"] for one in world.containers()} == {"running"}
    assert len(world.containers()) == 4


def test_a_second_run_writes_nothing(world: World, proxy: EngineProxy) -> None:
    """A second run says "in sync" of each resource, and writes to nothing that it looks at."""
    world.hello()
    world.gitops("reconcile")
    assert proxy.builds == 1, "the proxy sees what is done through it"
    containers, gateway = world.ids(), look_at_gateway(world)
    asked = len(registry_requests(world))
    proxy.forget()
    second = world.gitops("reconcile")
    for address in (*RESOURCES, "WebApp/hello"):
        assert f"{address}: in sync" in second.out
    assert proxy.calls, "the engine was looked at"
    assert proxy.writes == []
    new = registry_requests(world)[asked:]
    assert new, "the registry was looked at"
    assert set(new) <= set(READS)
    assert look_at_gateway(world) == gateway
    assert world.ids() == containers


def test_the_database_is_memory_and_not_the_truth(world: World, proxy: EngineProxy) -> None:
    """Without the database and the cache nothing is rebuilt and nothing is redeployed."""
    world.hello()
    world.gitops("reconcile")
    containers, digest = world.ids(), world.registry_digest()
    shutil.rmtree(world.state)
    shutil.rmtree(world.cache)
    proxy.forget()
    world.gitops("reconcile")
    assert proxy.writes == []
    assert world.ids() == containers
    assert world.registry_digest() == digest
    assert world.ask() == (200, "one\n")
