"""A closer look at the containers of one resource, for those who ask why it is as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gitops.drivers.base import DriverError, Engine
from gitops.engine.decide import Decision
from gitops.engine.looks.seen import Glimpse, containers_of
from gitops.engine.ports import World
from gitops.model.address import Address
from gitops.model.observed import ObservedContainer
from gitops.model.outcomes import Found

_LINES = 10


def look_at(
    decision: Decision, world: World, address: Address, redact: Callable[[str], str]
) -> Mapping[str, Glimpse]:
    """Return what the engines tell of each container; `redact` takes secrets out of its words.

    A container that has gone since it was listed is left out.
    """
    looks = {}
    for target, seen in decision.observed.engines.items():
        mine = seen.value.containers if isinstance(seen, Found) else ()
        for one in containers_of(decision, address):
            if one in mine:
                look = _look(world.sites[target].engine(), one, redact)
                if look is not None:
                    looks[one.name] = look
    return looks


def _look(
    engine: Engine, container: ObservedContainer, redact: Callable[[str], str]
) -> Glimpse | None:
    try:
        state = engine.state(container.name)
        log = engine.logs(container.name, _LINES) if state.state != "created" else ()
    except DriverError:
        return None
    clean = state._replace(error=redact(state.error), health_log=redact(state.health_log))
    return Glimpse(clean, tuple(map(redact, log)))
