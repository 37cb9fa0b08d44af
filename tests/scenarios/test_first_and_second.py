"""From an empty engine to running apps, and then nothing more to do."""

from __future__ import annotations

import pytest
from support.scenario import World

pytestmark = pytest.mark.scenario


def test_an_empty_engine_becomes_running_apps(world: World) -> None:
    """An empty engine becomes a registry, a gateway and an app that answers."""
    world.hello()
    world.gitops("reconcile")
    assert world.ask() == (200, "one\n")
    assert world.gitops("reconcile").out.count("in sync") > 3
