"""Why a resource is as it is: a decision, what is remembered and a look at its containers, as one
page. Nothing is asked of the outside here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gitops.engine.advice import advice
from gitops.engine.decide import Decision
from gitops.engine.endings import explained
from gitops.engine.refusals import recognized
from gitops.engine.reports import read
from gitops.engine.status import statuses
from gitops.model.address import Address
from gitops.model.conditions import Condition, Truth
from gitops.model.explanation import Explanation, Failure, Running
from gitops.model.observed import (
    LABEL_DIGEST,
    LABEL_PROJECT,
    LABEL_REVISION,
    ContainerState,
    ObservedContainer,
)
from gitops.model.outcomes import Found
from gitops.model.probing import Diagnosis, GateReport
from gitops.model.records import Quarantine, StepRecord
from gitops.model.revisions import Hold
from gitops.model.routes import ServerHealth
from gitops.model.wanted import WantedApp
from gitops.plan.describe import describe

_FAILED = ("DeployFailed", "BuildFailed")
_NEXT = "OutOfSync"


class Past(NamedTuple):
    """What is remembered of a resource: its last failure with the last lines of that step's log,
    and its bad inputs. `known` says whether there is a memory at all.
    """

    failure: StepRecord | None = None
    log: tuple[str, ...] = ()
    quarantines: tuple[Quarantine, ...] = ()
    known: bool = False


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


def explain(
    decision: Decision, address: Address, past: Past, looks: Mapping[str, Glimpse]
) -> Explanation | None:
    """Return the page of a resource; none when the decision does not know it.

    `looks` are at its containers, by name.
    """
    status = next((one for one in statuses(decision) if one.address == address), None)
    if status is None:
        return None
    app = next((one for one in decision.wanted.apps if one.address == address), None)
    held = app.held if app is not None else None
    running = _running(decision, address, looks, held)
    failure = _failure(past, status.ready)
    step = next((one for one in decision.plan.steps if one.address == address), None)
    return Explanation(
        address=address,
        ready=_in_short(status.ready, failure, app, running),
        url=status.url,
        wanted=app.content.declared if app is not None else status.wanted,
        commit=app.revision if app is not None else "",
        replicas=app.replicas if app is not None else 0,
        since=_since(past, status.ready, failure),
        running=running,
        held=held,
        next_step=f"{describe(step.action)}: {step.because}" if step is not None else "",
        failure=failure,
        todo=_todo(status.ready, address, failure, (running, held)),
        remembered=past.known,
    )


def _in_short(
    ready: Condition, failure: Failure | None, app: WantedApp | None, running: Sequence[Running]
) -> Condition:
    """Return the condition in one line, without what the rest of the page tells in full."""
    if ready.reason == _NEXT and app is not None and not running:
        return ready._replace(message="it has no container yet")
    if ready.reason == "DeployFailed" and failure is not None:
        told = "this version failed when it was deployed; it is not tried again"
        return ready._replace(message=told)
    if ready.reason == "BuildFailed" and failure is not None:
        told = "this source was built before, and that failed; it is not tried again"
        return ready._replace(message=told)
    return ready


def _running(
    decision: Decision, address: Address, looks: Mapping[str, Glimpse], held: Hold | None
) -> tuple[Running, ...]:
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
        return None
    if look is None:
        return None
    if look.state.error:
        refused = recognized("", look.state.error)
        return refused or Diagnosis(f"the engine says: {look.state.error}")
    return explained(ended(container.name, look)) if look.state.state != "created" else None


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


def _failure(past: Past, ready: Condition) -> Failure | None:
    """Return the last failure, if it is what stands in the way or is to be made up for."""
    if ready.status is Truth.TRUE:
        return None
    blamed = next((one for one in past.quarantines if one.reason == ready.message), None)
    if ready.reason in _FAILED:
        what, _, detail = ready.message.partition("\n")
        step = past.failure if past.failure is not None and past.failure.reason == what else None
        time = blamed.time if blamed is not None else 0.0
        run = blamed.run if blamed is not None else ""
        return _told(step, (what, detail), (time, run), past.log if step is not None else ())
    if past.failure is None or ready.reason != _NEXT:
        return None
    step = past.failure
    return _told(step, (step.reason, step.detail), (step.ended or 0.0, step.run), past.log)


def _told(
    step: StepRecord | None,
    words: tuple[str, str],
    when: tuple[float, str],
    log: Sequence[str],
) -> Failure:
    what, detail = words
    told = read(detail)
    behind = recognized(what, detail) if not told.cause else None
    first = told.facts[0] if told.facts else ""
    return Failure(
        time=when[0],
        run=when[1],
        step=step.number if step is not None else 0,
        action=step.action if step is not None else "",
        what=what,
        cause=told.cause or (behind.cause if behind else f"{what}: {first}".removesuffix(": ")),
        todo=told.todo or (behind.todo if behind else ""),
        answer=told.answer,
        exit_code=told.exit_code,
        facts=told.facts,
        log=told.log or tuple(log),
    )


def _since(past: Past, ready: Condition, failure: Failure | None) -> float:
    if ready.status is Truth.TRUE:
        return 0.0
    blamed = [one.time for one in past.quarantines if one.reason == ready.message]
    return blamed[0] if blamed else failure.time if failure is not None else 0.0


def _todo(
    ready: Condition,
    address: Address,
    failure: Failure | None,
    rest: tuple[tuple[Running, ...], Hold | None],
) -> tuple[str, ...]:
    running, held = rest
    lines = [failure.todo] if failure is not None else []
    lines += [one.todo for one in running]
    if ready.status is not Truth.TRUE:
        lines += advice(ready.reason, address)
    if held is not None:
        verb = "start" if held.kind == "stop" else "resume"
        lines.append(f"to go back to what the spec says: gitops {verb} {address}")
    return tuple(dict.fromkeys(line for line in lines if line))


def _span(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"
