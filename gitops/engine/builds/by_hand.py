"""Runs one task now because somebody asks for it: the same steps that a reconcile would take."""

from __future__ import annotations

from threading import Event
from typing import NamedTuple

from gitops.engine.builds.building import recipe_of
from gitops.engine.builds.step_texts import Job, task_of_run
from gitops.engine.decide import Decision, decide
from gitops.engine.leasing import holding
from gitops.engine.looks.spots import question_of
from gitops.engine.ports import Memory, World
from gitops.engine.preparing import preparing
from gitops.engine.reconcile import (
    Crew,
    Order,
    Result,
    carry_out,
    failures_of,
    keepers_of,
    scene,
)
from gitops.engine.scene import Desk, Hand
from gitops.model.actions import RunTask
from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.plan import Plan
from gitops.model.tasks import Task
from gitops.model.wanted import WantedImage
from gitops.plan.builds.by_hand import asked
from gitops.plan.deploys.wishes import RefusedError
from gitops.plan.parts import only
from gitops.plan.planner import make_plan

_ROUNDS = 2
"""A registry that does not run has to start before it can be asked."""

_NOBODY = "dry-run"
"""The run's id in what is only looked at."""


class Request(NamedTuple):
    """Who asks for it, and what was given for it; `altered`: not all is as the spec says."""

    by: str
    hand: Hand
    altered: bool = False

    @property
    def task(self) -> Address:
        """The task, or one of its tags or pull requests (`BuildTask/web@pr-7`)."""
        return self.hand.task


def consider(request: Request, bundle: Bundle, world: World, memory: Memory) -> Decision:
    """Return a decision whose plan is that run, with what has to be there before it.

    Raises `RefusedError` where it cannot be had. `bundle` holds the task as it is to run.
    """
    decision = decide(bundle, world, memory)
    image = _image(request, decision)
    wished = asked(image, request.by, request.hand.kept, altered=request.altered)
    images = tuple(wished if one is image else one for one in decision.wanted.images)
    decision = decision._replace(wanted=decision.wanted._replace(images=images))
    plan = make_plan(question_of(decision, memory.history(bundle.project)))
    needed = {request.task, image.registry} if image.registry is not None else {request.task}
    plan = only(plan, needed)
    if not plan.steps:
        raise RefusedError(_why_not(plan, request.task))
    return decision._replace(plan=plan)


def run_by_hand(request: Request, first: Decision, crew: Crew) -> Result:
    """Carry out what `consider` answered, under the leases of the engines."""
    order = Order("run", f"run {request.task} by {request.by}", only=frozenset({request.task}))
    ready = preparing(first.plan, crew.world.sites)
    with ready, holding(keepers_of(first, crew.world), crew.claim, crew.cancel):
        for _ in range(_ROUNDS):
            # What was seen before the lease was held may be what another run has just changed.
            decision = consider(request, first.bundle, crew.world, crew.memory)
            place = scene(decision, crew)._replace(hand=request.hand)
            outcomes = carry_out(decision.plan, place, crew, order)
            failures = failures_of(decision.plan, outcomes)
            done = any(step.address == request.task for step in decision.plan.steps)
            if done or failures or crew.cancel.is_set():
                break
    return Result(decision, failures)


def rendered(request: Request, decision: Decision, crew: Crew) -> Task:
    """Return the multi-step task as it would run; nothing is run, and nothing remembered.

    Raises `UnreadableError` with all that is wrong.
    """
    image = _image(request, decision)
    place = scene(decision, crew)._replace(hand=request.hand)
    recipe = recipe_of(place, image)
    if recipe is None:
        raise RefusedError(f"the source of {request.task} is gone")
    desk = Desk(_nowhere, _nowhere, Event())
    job = Job(place, RunTask(image.target, image), recipe, desk)
    tools, secrets = crew.world.tools, decision.inputs.secrets
    with tools.files(recipe.task, recipe.source, secrets) as files:
        return task_of_run(job, _NOBODY, files.read)


def _nowhere(_line: str) -> None:
    """Take a line of what is not run."""


def _image(request: Request, decision: Decision) -> WantedImage:
    images = {image.task: image for image in decision.wanted.images}
    image, wanted = images.get(request.task), decision.wanted
    owner = image.owner if image is not None else request.task
    if owner in wanted.suspended:
        raise RefusedError(f"{owner} is suspended: take `suspend` out of its spec to run it")
    if image is None:
        known = ", ".join(map(str, sorted(images))) or "none"
        blocked = wanted.blocked.get(request.task)
        if blocked is None:
            raise RefusedError(f"there is no {request.task} in these specs; there are: {known}")
        raise RefusedError(f"{request.task} cannot run: {blocked.reason}: {blocked.message}")
    if image.stale:
        raise RefusedError(
            f"{request.task} cannot run: its newest source is not known: {image.stale}"
        )
    return image


def _why_not(plan: Plan, task: Address) -> str:
    blocked = plan.blocked.get(task)
    why = f": {blocked.reason}: {blocked.message}" if blocked is not None else ""
    return f"{task} cannot run{why}"
