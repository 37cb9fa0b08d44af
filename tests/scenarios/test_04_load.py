"""Obligation: a redeploy costs no request, whatever the clients are like."""

from __future__ import annotations

import pytest
from support.load import Load
from support.scenario import World

pytestmark = [pytest.mark.scenario, pytest.mark.timed]

VERSIONS = ["one", "two", "three", "four", "five", "six"]


def test_five_redeploys_lose_no_request(world: World) -> None:
    """Under 200 requests a second and more, five redeploys in a row fail no request."""
    world.hello()
    world.gitops("reconcile")
    first = world.container("WebApp", "hello")["Id"]
    with Load(world.gateway_port, "hello.localhost") as load:
        for version in VERSIONS[1:]:
            world.page(version)
            world.gitops("reconcile")
        achieved = load.stop()
    assert load.failures == []
    assert achieved >= 200
    assert list(load.bodies) == VERSIONS
    assert world.container("WebApp", "hello")["Id"] != first
