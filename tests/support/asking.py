"""What a person asks for in a story: the notes that the real commands would write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from support.model_world import ModelWorld
from support.planning import Wish, question_of

from gitops.engine.decide import Decision
from gitops.engine.looks.spots import app_of, exact_content, family_of, slot_of, spot_of
from gitops.model.address import Address
from gitops.model.notes import HOLD
from gitops.model.plan import History
from gitops.model.revisions import Content
from gitops.plan.deploys import wishes
from gitops.plan.planner import make_plan

COMMANDS = ("rollback", "swap", "stop", "start", "resume")


def ask(wish: Wish, world: ModelWorld, history: History, asked: Mapping[str, Any]) -> str:
    """Write or take away the notes of a wish; return what the command would tell."""
    command = next(word for word in COMMANDS if word in asked)
    address = Address("WebApp", asked[command])
    decision = _decision(wish, world, history)
    who = wishes.Asked(asked.get("by", "ann"), asked.get("reason", ""), wish.now)
    spot = spot_of(decision, history, address)
    if command == "swap":
        slot = slot_of(decision, history, address, asked["slot"])
        own = _by_the_spec((spot, slot), wish, world, history)
        found = wishes.swap(spot, slot, who, own)
    elif command == "rollback":
        found = wishes.rollback(spot, asked.get("to", 0), who)
    elif command == "resume":
        found = wishes.resume(family_of(decision, history, address), address, who)
    else:
        found = {"stop": wishes.stop, "start": wishes.start}[command](spot, who)
    for change in found.changes:
        world.apply(change.action)
    return found.told


def _decision(wish: Wish, world: ModelWorld, history: History) -> Decision:
    question = question_of(wish, world, history)
    plan = make_plan(question)
    return Decision(wish.bundle, wish.inputs, question.wanted, question.observed, plan)


def _by_the_spec(
    spots: tuple[wishes.Spot, ...], wish: Wish, world: ModelWorld, history: History
) -> Mapping[Address, Content]:
    """Return what each place would run if it were not held."""
    keys = [(spot.app.target, (HOLD, spot.address.name)) for spot in spots]
    kept = {key: world.engines[key[0]].notes.pop(key[1], None) for key in keys}
    free = _decision(wish, world, history)
    for (target, key), note in kept.items():
        if note is not None:
            world.engines[target].notes[key] = note
    return {spot.address: exact_content(free, app_of(free, spot.address)) for spot in spots}
