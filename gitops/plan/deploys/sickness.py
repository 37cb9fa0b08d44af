"""Which containers have been unwell for so long that they are replaced, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gitops.model.address import Address
from gitops.model.observed import ObservedContainer as Container
from gitops.model.routes import ServerHealth
from gitops.model.wanted import WantedApp

PATIENCE = 30.0
"""Seconds that a server may fail its checks before it is replaced: it may just be busy."""


def sick(
    apps: Iterable[WantedApp],
    containers: Mapping[Address, Sequence[Container]],
    health: Iterable[ServerHealth],
) -> Mapping[str, str]:
    """Return what is wrong with each container that is to be replaced, by its name."""
    down = {
        one.container: f"it has failed its checks for {one.seconds:.0f} s: {one.why}"
        for one in health
        if not one.up and one.seconds >= PATIENCE
    }
    found = {}
    for app in apps:
        for container in containers.get(app.address, ()):
            if not container.running:
                continue
            if container.health == "unhealthy":
                found[container.name] = "its health command fails"
            elif container.name in down:
                found[container.name] = down[container.name]
    return found
