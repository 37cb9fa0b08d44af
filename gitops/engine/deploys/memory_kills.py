"""What is remembered of a container that was killed for its memory: engines forget it at the next
start, which the engine makes by itself, mostly before anybody has looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitops.drivers.base import EngineEvent
from gitops.engine.decide import Decision
from gitops.engine.deploys.endings import explained
from gitops.model.observed import LABEL_SIDECAR, ObservedContainer
from gitops.model.outcomes import Found
from gitops.model.probing import GateReport
from gitops.model.records import EventType, NewEvent
from gitops.model.wanted import WantedApp

REASON = "OutOfMemory"
"""The reason of the event."""


def told(decision: Decision, killed: Iterable[EngineEvent]) -> Iterator[NewEvent]:
    """Give what is to be remembered of kills (`oom`) of a project's containers.

    Containers that are gone were replaced for another reason; nothing is told of them.
    """
    there = {one.name: one for one in _containers(decision)}
    apps = {app.address: app for app in decision.wanted.apps}
    project = decision.bundle.project
    for event in killed:
        one = there.get(event.container)
        if one is None or one.owner is None:
            continue
        app = apps.get(one.owner)
        limit = _limit(app, one) if app is not None else 0
        message = f"{one.name}: {explained(_report(event, limit)).cause}"
        yield NewEvent(project, one.owner, EventType.WARNING, REASON, message, event.time)


def _limit(app: WantedApp, one: ObservedContainer) -> int:
    """Return the bytes that a container of an app may take; 0 is as many as there are."""
    sidecar = one.labels.get(LABEL_SIDECAR)
    found = [each.resources for each in app.content.runtime.sidecars if each.name == sidecar]
    return (found[0] if found else app.content.runtime.resources).memory


def _containers(decision: Decision) -> Iterator[ObservedContainer]:
    for seen in decision.observed.engines.values():
        if isinstance(seen, Found):
            yield from seen.value.containers


def _report(event: EngineEvent, limit: int) -> GateReport:
    return GateReport(
        container=event.container,
        ended=True,
        seconds=0.0,
        attempts=0,
        port=-1,
        oom=True,
        memory=limit,
    )
