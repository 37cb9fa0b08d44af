"""Waits that end by a condition or by their time limit."""

from __future__ import annotations

import time

from gitops.drivers.base import Cancel, DriverError, Engine, GatewayWriter
from gitops.engine.ports import Site, World
from gitops.engine.scene import Scene
from gitops.model.actions import WaitService
from gitops.model.outcomes import Done, Outcome, Stalled, Superseded, Unreachable
from gitops.model.resources import Registry

_POLL = 0.05
_LOG_LINES = 20


def wait_service(scene: Scene, action: WaitService, cancel: Cancel) -> Outcome:
    """Wait until a registry answers its API, or a gateway serves what its file says."""
    site = scene.world.sites[action.target]
    registry = scene.bundle.resources.get(action.address) if scene.bundle else None
    started = time.monotonic()
    while True:
        if isinstance(registry, Registry):
            trouble = _ask_registry(scene.world, registry)
        else:
            trouble = _ask_gateway(site, action.container)
        waited = time.monotonic() - started
        if not trouble:
            return Done(f"answered after {waited:.1f} s")
        state = site.engine().state(action.container)
        if state.state == "exited" or waited > action.timeout:
            return _no_answer(site.engine(), action.container, trouble)
        if cancel.wait(_POLL):
            return Superseded()


def drain(gateway: GatewayWriter, container: str, timeout: float, cancel: Cancel) -> Outcome:
    """Wait until nothing is served by an earlier configuration any more."""
    started = time.monotonic()
    while True:
        left = gateway.draining(container)
        waited = time.monotonic() - started
        if not left:
            return Done(f"drained after {waited:.1f} s")
        if waited >= timeout:
            return Done(f"requests still open after {timeout:g} s are cut off")
        if cancel.wait(_POLL * 2):
            return Superseded()


def _ask_registry(world: World, registry: Registry) -> str:
    seen = world.registries.ping(registry.server)
    return seen.why if isinstance(seen, Unreachable) else ""


def _ask_gateway(site: Site, container: str) -> str:
    try:
        state = site.gateways.state(container)
    except DriverError as error:
        return str(error)
    if state.revision and state.served == state.revision:
        return ""
    return state.why or f"it serves {state.served or 'nothing'}, wanted {state.revision}"


def _no_answer(engine: Engine, container: str, trouble: str) -> Outcome:
    lines = engine.logs(container, _LOG_LINES)
    detail = "\n".join([trouble, "last log lines:", *(f"  {line}" for line in lines)])
    return Stalled(f"{container} does not answer", detail, quarantine=False)
