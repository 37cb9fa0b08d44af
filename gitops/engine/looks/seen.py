"""The containers of a resource as they are: whether each runs as it should, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gitops.engine.decide import Decision
from gitops.engine.deploys.endings import explained
from gitops.engine.deploys.refusals import recognized
from gitops.model.address import Address
from gitops.model.explanation import Running
from gitops.model.observed import (
    LABEL_DIGEST,
    LABEL_PROJECT,
    LABEL_REVISION,
    ContainerState,
    ObservedContainer,
)
from gitops.model.outcomes import Found
from gitops.model.probing import Diagnosis, GateReport
from gitops.model.revisions import Hold
from gitops.model.routes import ServerHealth


class Glimpse(NamedTuple):
    """A container looked at more closely: its state, and the last lines of its log."""

    state: ContainerState
    log: tuple[str, ...]


def containers_of(decision: Decision, address: Address) -> tuple[ObservedContainer, ...]:
    """Return the containers of a resource on all engines that answer, oldest first."""
    found = [
        one
        for seen in decision.observed.engines.values()
        for one in (seen.value.containers if isinstance(seen, Found) else ())
        if one.owner == address and one.labels.get(LABEL_PROJECT) == decision.bundle.project
    ]
    return tuple(sorted(found, key=lambda one: (one.created, one.name)))


def containers_now(
    decision: Decision, address: Address, looks: Mapping[str, Glimpse], held: Hold | None
) -> tuple[Running, ...]:
    """Return each container with what `looks` and the gateway tell of it; one that is to be
    stopped is not asked why it does not run.
    """
    health = {one.container: one for found in decision.observed.health.values() for one in found}
    routed = {
        server.container
        for seen in decision.observed.gateways.values()
        for route in (seen.value.routes if isinstance(seen, Found) else None) or ()
        for server in route.servers
    }
    stopped = held is not None and held.kind == "stop"
    rows = []
    for one in containers_of(decision, address):
        look = None if stopped else looks.get(one.name)
        told = _trouble(one, look, health.get(one.name))
        labels = one.labels
        digest = labels.get(LABEL_DIGEST, "").removeprefix("sha256:")
        row = Running(
            name=one.name,
            state=one.state,
            status=one.status,
            revision=(labels.get(LABEL_REVISION) or digest)[:8],
            routed=one.name in routed,
            gateway=_checks(health.get(one.name)),
            restarts=look.state.restarts if look is not None else -1,
        )
        if told is not None:
            log = look.log if look is not None else ()
            row = row._replace(cause=told.cause, todo=told.todo, log=log)
        rows.append(row)
    return tuple(rows)


def _trouble(
    container: ObservedContainer, look: Glimpse | None, health: ServerHealth | None
) -> Diagnosis | None:
    """Return why a container does not run as it should; none when it does, or nothing is known."""
    if container.running:
        if container.health == "unhealthy":
            said = " ".join(look.state.health_log.split())[:200] if look is not None else ""
            return Diagnosis(f"its health command fails{f'; it says: {said}' if said else ''}")
        if health is not None and not health.up:
            return Diagnosis(f"it fails its checks: {health.why}", "its log should say why")
        return _before_restart(container.name, look)
    if look is None:
        return None
    if look.state.error:
        refused = recognized("", look.state.error)
        return refused or Diagnosis(f"the engine says: {look.state.error}")
    return explained(ended(container.name, look)) if look.state.state != "created" else None


def _before_restart(name: str, look: Glimpse | None) -> Diagnosis | None:
    """Return why one that runs had ended before, as far as the engine still knows.

    It forgets the number of restarts when somebody starts it by hand, as we do, and the exit code
    at each start, but not that the memory was too little.
    """
    if look is None:
        return None
    state = look.state
    if not state.oom_killed and not (state.restarts and state.exit_code):
        return None
    told = explained(ended(name, look))
    return told._replace(cause=f"before its last restart: {told.cause}")


def ended(name: str, look: Glimpse) -> GateReport:
    """Return what is known of the end of a container's process."""
    state = look.state
    return GateReport(
        container=name,
        ended=True,
        seconds=state.ran,
        attempts=0,
        port=-1,
        exit_code=state.exit_code,
        oom=state.oom_killed,
        memory=state.memory,
        error=state.error,
        log=look.log,
    )


def _checks(health: ServerHealth | None) -> str:
    if health is None:
        return ""
    if health.up:
        return f"up for {_span(health.seconds)}"
    return f"down for {_span(health.seconds)}: {health.why}"


def _span(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"
