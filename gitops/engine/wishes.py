"""Carries out what a person wishes of one app: its notes first, then what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gitops.engine.decide import Decision, decide
from gitops.engine.leasing import holding
from gitops.engine.looks.spots import (
    app_of,
    exact_content,
    family_of,
    question_of,
    slot_of,
    spot_of,
)
from gitops.engine.looks.supposing import supposing
from gitops.engine.ports import Memory, World
from gitops.engine.preparing import preparing
from gitops.engine.reconcile import (
    Crew,
    Order,
    Result,
    carry_out,
    failures_of,
    keepers_of,
    rounds,
    scene,
)
from gitops.model.actions import EraseNote
from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.notes import HOLD
from gitops.model.plan import Plan
from gitops.model.records import EventType, NewEvent
from gitops.model.revisions import Content
from gitops.plan.deploys import wishes
from gitops.plan.deploys.restart import plan_restart
from gitops.plan.deploys.wishes import Asked, RefusedError, Spot, Wish, led_by, undone
from gitops.plan.parts import only

_REASONS = {
    "rollback": "RolledBack",
    "resume": "Resumed",
    "swap": "Swapped",
    "stop": "Stopped",
    "start": "StartWished",
    "restart": "Restarted",
}
"""The event of each wish that was carried out."""

_FAILED = {command: f"{command.capitalize()}Failed" for command in _REASONS}

_REVERSIBLE = ("rollback", "swap")
"""Wishes that are taken back when they cannot be brought about: production stays as it was."""


class Petition(NamedTuple):
    """What a person asks for: `command` is the wish, `revision` and `slot` are for those it needs.

    `revision` 0 is the one before that which runs.
    """

    command: str
    address: Address
    by: str
    reason: str = ""
    revision: int = 0
    slot: str = ""


class Answer(NamedTuple):
    """What a petition comes to: the decision's plan brings it about, and touches nothing else."""

    wish: Wish
    decision: Decision


class Fulfilment(NamedTuple):
    """How it ended. `taken_back` says that it failed, and that all is as it was before."""

    answer: Answer
    result: Result
    taken_back: Result | None = None

    @property
    def fulfilled(self) -> bool:
        """Say whether what was asked for was done."""
        return self.result.converged


def consider(petition: Petition, bundle: Bundle, world: World, memory: Memory) -> Answer:
    """Return what a petition comes to; raise `RefusedError` where it cannot be had."""
    decision = decide(bundle, world, memory)
    if petition.command == "restart":
        return _restart(petition, decision, memory)
    wish = _work_out(petition, decision, world, memory)
    if not wish.changes:
        plan = only(decision.plan, wish.addresses)._replace(steps=())
        return Answer(wish, decision._replace(plan=plan))
    supposed = decide(bundle, supposing(world, [one.action for one in wish.changes]), memory)
    plan = only(supposed.plan, wish.addresses)
    if petition.command in _REVERSIBLE:
        _refuse_blocked(petition.command, plan)
    return Answer(wish, supposed._replace(plan=led_by(plan, wish.changes)))


def _refuse_blocked(command: str, plan: Plan) -> None:
    """Begin nothing that is known to fail: it would only be taken back."""
    for address, blocked in sorted(plan.blocked.items()):
        hint = f"\n`gitops reconcile --retry {address}` forgets that"
        raise RefusedError(
            f"{command}: {address}: {blocked.reason}: {blocked.message}"
            + (hint if blocked.reason == "DeployFailed" else "")
        )


def grant(petition: Petition, first: Answer, crew: Crew) -> Fulfilment:
    """Bring about what `consider` answered; what cannot be is taken back, where that is safe.

    An interrupted one is not taken back: its notes stay, and the next run goes on with it.
    """
    bundle = first.decision.bundle
    if not first.decision.plan.steps:
        return Fulfilment(first, Result(first.decision, ()))
    ready = preparing(first.decision.plan, crew.world.sites)
    with ready, holding(keepers_of(first.decision, crew.world), crew.claim, crew.cancel):
        # What was seen before the lease was held may be what another run has just changed.
        answer = consider(petition, bundle, crew.world, crew.memory)
        order = Order(petition.command, _because(petition), only=answer.wish.addresses)
        if petition.command == "restart":
            done = Fulfilment(answer, _once(answer.decision, crew, order))
        else:
            done = Fulfilment(answer, rounds(bundle, answer.decision, crew, order))
        if not done.fulfilled and petition.command in _REVERSIBLE and not crew.cancel.is_set():
            done = done._replace(taken_back=_take_back(answer, crew, order))
    _tell(petition, done, crew)
    return done


def _work_out(petition: Petition, decision: Decision, world: World, memory: Memory) -> Wish:
    address = petition.address
    history = memory.history(decision.bundle.project)
    asked = Asked(petition.by, petition.reason, decision.inputs.now)
    if petition.command == "resume":
        return wishes.resume(family_of(decision, history, address), address, asked)
    spot = spot_of(decision, history, address)
    if petition.command == "swap":
        if spot.app.spec.slot:
            production = address.name.removesuffix(f"-{spot.app.spec.slot}")
            raise RefusedError(
                f"{address} is a slot itself; write"
                f" `gitops swap {address.kind}/{production} {spot.app.spec.slot}`"
            )
        slot = slot_of(decision, history, address, petition.slot)
        own = _by_the_spec((spot, slot), decision, world, memory)
        return wishes.swap(spot, slot, asked, own)
    if petition.command == "rollback":
        return wishes.rollback(spot, petition.revision, asked)
    return {"stop": wishes.stop, "start": wishes.start}[petition.command](spot, asked)


def _by_the_spec(
    spots: tuple[Spot, ...], decision: Decision, world: World, memory: Memory
) -> Mapping[Address, Content]:
    """Return what each place would run if it were not held."""
    free = supposing(world, [EraseNote(spot.app.target, HOLD, spot.address.name) for spot in spots])
    unheld = decide(decision.bundle, free, memory)
    return {spot.address: exact_content(unheld, app_of(unheld, spot.address)) for spot in spots}


def _restart(petition: Petition, decision: Decision, memory: Memory) -> Answer:
    address = petition.address
    history = memory.history(decision.bundle.project)
    spot = spot_of(decision, history, address)
    if spot.stopped is not None:
        raise RefusedError(f"{address} is stopped; `gitops start {address}` starts it")
    wish = Wish(frozenset({address}), (), f"{address} has restarted")
    why = f"{petition.by} restarts it" + (f": {petition.reason}" if petition.reason else "")
    plan = plan_restart(question_of(decision, history), address, why)
    return Answer(wish, decision._replace(plan=plan))


def _once(decision: Decision, crew: Crew, order: Order) -> Result:
    """Carry out a plan and no other: what else is pending for the app is not for a restart."""
    outcomes = carry_out(decision.plan, scene(decision, crew), crew, order)
    rest = decision._replace(plan=decision.plan._replace(steps=()))
    return Result(rest, failures_of(decision.plan, outcomes))


def _take_back(answer: Answer, crew: Crew, order: Order) -> Result:
    """Put the notes back as they were, and the app with them."""
    bundle = answer.decision.bundle
    changes = undone(answer.wish, f"the {order.command} failed")
    world = supposing(crew.world, [one.action for one in changes])
    before = decide(bundle, world, crew.memory)
    plan = led_by(only(before.plan, answer.wish.addresses), changes)
    order = order._replace(reason=f"the {order.command} failed: {order.reason}")
    return rounds(bundle, before._replace(plan=plan), crew, order)


def _because(petition: Petition) -> str:
    told = f"{petition.command} {petition.address}"
    return f"{told}: {petition.reason}" if petition.reason else told


def _tell(petition: Petition, done: Fulfilment, crew: Crew) -> None:
    """Remember who wished what and why, and how it ended, as an event."""
    who = f"by {petition.by}" + (f": {petition.reason}" if petition.reason else "")
    if done.fulfilled:
        kind, reason = EventType.NORMAL, _REASONS[petition.command]
        message = f"{done.answer.wish.told}, {who}"
    else:
        kind, reason = EventType.WARNING, _FAILED[petition.command]
        tail = "; it was taken back" if done.taken_back is not None else ""
        message = f"{petition.command} {who}: not done{tail}"
    project = done.answer.decision.bundle.project
    now = crew.world.clock()
    crew.memory.events.append([NewEvent(project, petition.address, kind, reason, message, now)])
