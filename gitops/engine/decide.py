"""`decide`: look, and say what should be done. It changes nothing outside."""

from __future__ import annotations

from typing import NamedTuple

from gitops.engine.looks.observe import notes_of, observe, observe_engines
from gitops.engine.looks.sources import read_inputs
from gitops.engine.looks.together import Look
from gitops.engine.ports import Memory, World
from gitops.model.bundle import Bundle
from gitops.model.observed import Inputs, Observed
from gitops.model.plan import Plan
from gitops.model.wanted import Wanted
from gitops.plan.builds.remembered import recall
from gitops.plan.grounds import Question
from gitops.plan.planner import make_plan
from gitops.plan.wanted import lookups, work_out


class Decision(NamedTuple):
    """A plan, and all that it was made from."""

    bundle: Bundle
    inputs: Inputs
    wanted: Wanted
    observed: Observed
    plan: Plan


def decide(
    bundle: Bundle,
    world: World,
    memory: Memory,
    *,
    allow_mass_removal: bool = False,
) -> Decision:
    """Return what should be done to make the world match `bundle`."""
    looking = Look(lambda: observe_engines(bundle.project, world.sites))
    inputs = read_inputs(bundle, world)
    engines = looking.result()
    history = memory.history(bundle.project)
    inputs = recall(inputs, history)
    wanted = work_out(bundle, inputs, notes_of(engines))
    tags = lookups(wanted, bundle)
    observed = observe(bundle, world, engines, wanted.gateways, tags)
    question = Question(wanted, observed, history, inputs, allow_mass_removal)
    return Decision(bundle, inputs, wanted, observed, make_plan(question))
