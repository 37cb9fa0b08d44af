"""Why a resource is as it is: a decision, what is remembered and a look at its containers, as one
page. Nothing is asked of the outside here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gitops.engine.decide import Decision
from gitops.engine.deploys.refusals import recognized
from gitops.engine.looks.seen import Glimpse, containers_now
from gitops.engine.reports.advice import advice
from gitops.engine.reports.failures import read
from gitops.engine.reports.status import statuses
from gitops.model.address import Address
from gitops.model.conditions import Condition, Truth
from gitops.model.explanation import Explanation, Failure, Running
from gitops.model.records import EventRecord, Quarantine, StepRecord
from gitops.model.revisions import Hold
from gitops.model.wanted import WantedApp
from gitops.plan.describe import describe

_FAILED = ("DeployFailed", "BuildFailed")
_NEXT = "OutOfSync"


class Past(NamedTuple):
    """What is remembered of a resource: its last failure with the last lines of that step's log,
    and its bad inputs. `killed` is when it was last killed for its memory. `known` says whether
    there is a memory at all.
    """

    failure: StepRecord | None = None
    log: tuple[str, ...] = ()
    quarantines: tuple[Quarantine, ...] = ()
    known: bool = False
    killed: EventRecord | None = None


def culprit(decision: Decision, address: Address) -> Address:
    """Return the resource whose failure stands in the way of another one: an app's build task."""
    blocked = decision.plan.blocked
    for app in decision.wanted.apps:
        if app.address == address and app.task is not None and address in blocked:
            return app.task if blocked.get(app.task) == blocked[address] else address
    return address


def explain(
    decision: Decision, address: Address, past: Past, looks: Mapping[str, Glimpse]
) -> Explanation | None:
    """Return the page of a resource; none when the decision does not know it.

    `past` is that of its `culprit`, `looks` are at its containers, by name.
    """
    status = next((one for one in statuses(decision) if one.address == address), None)
    if status is None:
        return None
    app = next((one for one in decision.wanted.apps if one.address == address), None)
    held = app.held if app is not None else None
    running = containers_now(decision, address, looks, held)
    failure = _failure(past, status.ready)
    at_fault = culprit(decision, address)
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
        todo=_todo(status.ready, (address, at_fault), failure, (running, held)),
        remembered=past.known,
        killed=past.killed,
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
        whose = f"the build of its image, {app.task}," if app is not None else "it"
        return ready._replace(message=f"{whose} failed with this source; it is not tried again")
    return ready


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
    step = past.failure
    if step is None or ready.reason != _NEXT:
        return None
    if any(one.run == step.run and one.reason.startswith(step.reason) for one in past.quarantines):
        # It was about inputs that are not wanted any more: those that are would be blocked.
        return None
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
        cause=told.cause or (behind.cause if behind else _plainly(what, first)),
        todo=told.todo or (behind.todo if behind else ""),
        answer=told.answer,
        exit_code=told.exit_code,
        facts=told.facts,
        log=told.log or (() if told.facts else tuple(log)),
    )


def _plainly(what: str, first: str) -> str:
    """Return a cause made of the words that there are; BuildKit names the step after a `>`."""
    step = first.strip()
    if step.startswith(">"):
        return f"the step {step.strip('>: ')} failed"
    return f"{what}: {step}" if step else re.sub(r"^run \w+: ", "", what)


def _since(past: Past, ready: Condition, failure: Failure | None) -> float:
    if ready.status is Truth.TRUE:
        return 0.0
    blamed = [one.time for one in past.quarantines if one.reason == ready.message]
    return blamed[0] if blamed else failure.time if failure is not None else 0.0


def _todo(
    ready: Condition,
    addresses: tuple[Address, Address],
    failure: Failure | None,
    rest: tuple[tuple[Running, ...], Hold | None],
) -> tuple[str, ...]:
    (address, at_fault), (running, held) = addresses, rest
    lines = [failure.todo] if failure is not None else []
    lines += [one.todo for one in running]
    if ready.status is not Truth.TRUE:
        lines += advice(ready.reason, at_fault)
    if held is not None:
        verb = "start" if held.kind == "stop" else "resume"
        lines.append(f"to go back to what the spec says: gitops {verb} {address}")
    return tuple(dict.fromkeys(line for line in lines if line))
