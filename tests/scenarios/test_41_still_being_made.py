"""What a killed process asked of the engine may come about while the next run is under way."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from support.cleaning import clean
from support.end_state import end_of, wipe
from support.engine_proxy import Call, EngineProxy, engine_address
from support.scenario import World

from gitops.drivers.engine.networks import create_network
from gitops.drivers.engine.sdk_client import SdkClient
from gitops.model.address import Address
from gitops.plan.containers import owner_labels

pytestmark = pytest.mark.scenario


class Latecomer:
    """Makes what gitops is about to ask for, just before: as an engine that was asked for it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.made: list[str] = []

    def network(self, call: Call) -> None:
        """Make the network of the project, once its subnet has been found."""
        name = f"{self._world.project}-gitops"
        if (call.method, call.path) == ("DELETE", f"/networks/{name}.subnet") and not self.made:
            self.made.append(name)
            labels = owner_labels(self._world.project, Address("Target", "local"))
            client = SdkClient(engine_address(), os.environ)
            create_network(client, name, labels)
            client.close()

    def container(self, call: Call) -> None:
        """Make the app's container, by the name that it has until it is in all of its networks."""
        asked = (call.method, call.path) == ("POST", "/containers/create")
        name = call.query.partition("name=")[2]
        if asked and name.endswith(".new") and not self.made:
            self.made.append(name)
            self._world.engine.create_container("busybox", name=name)


def test_a_network(world: World, proxy: EngineProxy) -> None:
    """A network that is suddenly there, though the plan makes it, is taken as it is."""
    world.hello()
    world.gitops("reconcile")
    straight = end_of(world)
    wipe(world)
    late = Latecomer(world)
    proxy.on_call = late.network
    world.gitops("reconcile")
    assert len(late.made) == 1
    assert end_of(world) == straight


@pytest.fixture
def office(world: World) -> Iterator[str]:
    """Give a network that is not the project's."""
    name = f"{world.project}-office"
    world.engine.create_network(name)
    yield name
    clean(world)
    world.engine.remove_network(name)


def test_a_container(world: World, proxy: EngineProxy, office: str) -> None:
    """A container that has the name of an unfinished one gives way to the new one."""
    world.hello(app={"networks": [office]})
    late = Latecomer(world)
    proxy.on_call = late.container
    world.gitops("reconcile")
    assert len(late.made) == 1
    assert world.engine.containers(all=True, filters={"name": late.made[0]}) == []
    assert world.ask().status == 200
