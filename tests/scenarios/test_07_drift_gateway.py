"""Obligation: a gateway that was changed by hand is put right by the next run, and no app is."""

from __future__ import annotations

import pytest
from support.looks import gateway, look_at_gateway, write_gateway_file
from support.scenario import eventually
from support.standing import Standing

from gitops.drivers.gateway.header import unseal
from gitops.model.routes import Route

pytestmark = [pytest.mark.scenario, pytest.mark.xdist_group("drift of the gateway")]

_FOREIGN = """global
  maxconn 100
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
frontend web
  bind :8080
  http-request return status 418
"""


def test_a_gateway_container_that_was_removed(standing: Standing) -> None:
    """A gateway that was removed by hand comes back with its routes; no app is touched."""
    world, app = standing.world, standing.app
    world.engine.remove_container(gateway(world), force=True)
    standing.heal()
    assert standing.app == app


def test_a_gateway_that_lost_its_volumes(standing: Standing) -> None:
    """A gateway whose volumes are gone with it comes back with its routes; no app is touched."""
    world, app, before = standing.world, standing.app, look_at_gateway(standing.world)
    volumes = world.engine.inspect_container(before.container)["Mounts"]
    assert [one["Name"] for one in volumes] == [f"{world.project}-gateway-certificates"]
    world.engine.remove_container(before.container, force=True)
    for volume in volumes:
        world.engine.remove_volume(volume["Name"])
    standing.heal()
    assert _routes(look_at_gateway(world).text) == _routes(before.text)
    assert standing.app == app


def test_a_gateway_container_that_was_stopped(standing: Standing) -> None:
    """A gateway that was stopped by hand is started again."""
    world, app, before = standing.world, standing.app, gateway(standing.world)
    world.engine.stop(before, timeout=1)
    standing.heal()
    assert (gateway(world), standing.app) == (before, app)


def test_a_gateway_file_that_was_changed(standing: Standing) -> None:
    """A changed configuration file of the gateway is written anew, before it does harm."""
    world, app, before = standing.world, standing.app, look_at_gateway(standing.world)
    write_gateway_file(world, before.text + "# somebody was here\n")
    standing.heal()
    after = look_at_gateway(world)
    assert _routes(after.text) == _routes(before.text)
    assert after.container == before.container
    assert standing.app == app


def test_a_gateway_file_that_was_changed_and_taken(standing: Standing) -> None:
    """A configuration that was changed by hand and is already served is put right."""
    world, app, before = standing.world, standing.app, look_at_gateway(standing.world)
    write_gateway_file(world, _FOREIGN)
    world.engine.kill(before.container, "SIGUSR2")
    eventually(lambda: world.ask().status == 418, what="the foreign configuration is served")
    standing.heal()
    assert _routes(look_at_gateway(world).text) == _routes(before.text)
    assert standing.app == app


def test_a_gateway_file_that_is_broken(standing: Standing) -> None:
    """A configuration that HAProxy cannot read, and a restart after that, are put right."""
    world, app, before = standing.world, standing.app, look_at_gateway(standing.world)
    write_gateway_file(world, "this is no configuration\n")
    world.engine.restart(before.container, timeout=1)
    standing.heal()
    assert _routes(look_at_gateway(world).text) == _routes(before.text)
    assert standing.app == app


def _routes(text: str) -> list[Route]:
    """Return the routes of a configuration that gitops wrote."""
    found = unseal(text)
    assert found is not None, text
    return list(found.routes)
