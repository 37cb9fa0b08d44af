"""Decide, carry out, decide again, until nothing is left or something is in the way."""

from __future__ import annotations

import time
from collections.abc import Mapping
from threading import Event
from typing import NamedTuple

from gitops.drivers.base import LeaseKeeper
from gitops.engine.board import Board
from gitops.engine.builds.records import BuildRuns, Registrar
from gitops.engine.builds.remains import sweeping
from gitops.engine.decide import Decision, decide
from gitops.engine.deploys.addresses import Addresses
from gitops.engine.execute import execute
from gitops.engine.leasing import Claim, holding
from gitops.engine.ports import Memory, Reporter, World
from gitops.engine.preparing import preparing
from gitops.engine.record import Recorder, Redact
from gitops.engine.scene import Scene
from gitops.model.actions import CreateContainer, CreateNetwork, CreateVolume
from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.observed import LABEL_ADDRESS, LABEL_PROJECT, Observed
from gitops.model.outcomes import Done, Found, Outcome, Skipped, Stalled, Superseded
from gitops.model.plan import Plan, Step
from gitops.model.records import NewRun, RunPlan, RunState
from gitops.plan.document import as_document, as_json
from gitops.plan.parts import only
from gitops.plan.text import as_text

_ROUNDS = 8
"""More rounds than any spec needs: a registry that has to start first takes two."""

_CREATIONS = (CreateContainer, CreateNetwork, CreateVolume)


class Crew(NamedTuple):
    """Who takes part in a run: what is outside, what is remembered, who watches, who holds it."""

    world: World
    memory: Memory
    reporter: Reporter
    redact: Redact
    claim: Claim
    cancel: Event
    asked: Event | None = None
    """A person's wish to end, where `cancel` may be raised for something newer as well."""


class Order(NamedTuple):
    """How the user wants it: for what command, and with which plan and no other."""

    command: str
    reason: str
    allow_mass_removal: bool = False
    expected: str = ""
    """The JSON of a plan that was agreed to; another one is refused."""
    only: frozenset[Address] = frozenset()
    """Who it is about, with what they need; empty is the whole project."""


class Result(NamedTuple):
    """How it ended: the last decision, and what went wrong on the way."""

    decision: Decision
    failures: tuple[tuple[Step, Outcome], ...]
    moved: bool = False
    """The agreed plan is not the one that the world asks for now; nothing was done."""

    @property
    def converged(self) -> bool:
        """Say whether everything is as wanted."""
        failed = any(not step.address.of_stranger for step, _ in self.failures)
        return self.decision.plan.converged and not failed and not self.moved


def reconcile(bundle: Bundle, first: Decision, crew: Crew, order: Order) -> Result:
    """Carry out what is left to do. A plan without steps takes no lease and writes nothing."""
    if not first.plan.steps or first.plan.refused:
        return Result(first, (), moved=_moved(first.plan, order))
    keepers = keepers_of(first, crew.world)
    ready = preparing(first.plan, crew.world.sites)
    with ready, holding(keepers, crew.claim, crew.cancel):
        # What was seen before the lease was held may be what another run has just changed.
        decision = _again(bundle, crew, order)
        if _moved(decision.plan, order):
            return Result(decision, (), moved=True)
        return rounds(bundle, decision, crew, order)


def rounds(bundle: Bundle, decision: Decision, crew: Crew, order: Order) -> Result:
    """Carry out `decision` and what is left after it, under leases that the caller holds."""
    failures: tuple[tuple[Step, Outcome], ...] = ()
    seen = None
    for _ in range(_ROUNDS):
        plan = decision.plan
        if not plan.steps or plan.refused or plan.steps == seen or crew.cancel.is_set():
            break
        seen = plan.steps
        outcomes = carry_out(plan, scene(decision, crew), crew, order)
        failures = failures_of(plan, outcomes)
        decision = _again(bundle, crew, order)
        if order.expected or (failures and not _worth_another(failures, decision.plan)):
            break
    return Result(decision, failures)


def _worth_another(failures: tuple[tuple[Step, Outcome], ...], plan: Plan) -> bool:
    """Go on with what the failures do not touch, and with the way back from a bad version.

    What failed without being remembered as bad would only fail again, but for what could not be
    made as it was there by then: an engine still does what a process that was killed asked of it.
    """
    left = [step.action for step in plan.steps]
    failed = {
        step.address
        for step, outcome in failures
        if not (isinstance(outcome, Stalled) and outcome.quarantine and step.wish)
        and not (isinstance(step.action, _CREATIONS) and step.action not in left)
    }
    return bool(plan.steps) and not any(step.address in failed for step in plan.steps)


def carry_out(plan: Plan, scene: Scene, crew: Crew, order: Order) -> Mapping[int, Outcome]:
    """Do what `plan` says, and remember how each step ended."""
    now = crew.world.clock
    _end_dead(plan.project, crew)
    run = crew.memory.runs.start(
        NewRun(
            plan.project,
            order.command,
            order.reason,
            crew.claim.lease,
            now(),
            RunPlan(as_text(plan), as_json(as_document(plan))),
        ),
        plan.steps,
    )
    crew.reporter.planned(plan)
    recorder = Recorder(crew.memory, crew.reporter, plan.project, run, now, crew.redact)
    with sweeping(plan, scene, crew.reporter):
        outcomes = execute(plan, scene, recorder, crew.cancel)
    scene.runs.close()
    failures = failures_of(plan, outcomes)
    superseded = any(isinstance(outcome, Superseded) for outcome in outcomes.values())
    state = RunState.FAILED if failures else RunState.CONVERGED
    if superseded:
        asked = crew.asked or crew.cancel
        state = RunState.INTERRUPTED if asked.is_set() else RunState.SUPERSEDED
    message = "; ".join(f"step {step.number}" for step, _ in failures)
    crew.memory.runs.finish(run, state, message, now())
    return outcomes


def _end_dead(project: str, crew: Crew) -> None:
    """End the records of runs whose process is gone, and could not do that itself."""
    book = crew.memory.runs
    left = book.unended(project)
    dead = [run.id for run in left if crew.world.tools.gone(run.host, run.process)]
    if dead:
        book.abandon(dead)


def _again(bundle: Bundle, crew: Crew, order: Order) -> Decision:
    found = decide(bundle, crew.world, crew.memory, allow_mass_removal=order.allow_mass_removal)
    return found._replace(plan=only(found.plan, order.only)) if order.only else found


def scene(decision: Decision, crew: Crew, addresses: Addresses | None = None) -> Scene:
    """Return what a run of this decision works on; `addresses` are those of runs beside it."""
    gateways = gateway_names(decision.observed, decision.plan)
    bundle = decision.bundle
    hosts = {app.address: app.hosts for app in decision.wanted.apps}
    board = Board(addresses or Addresses(time.monotonic), taken_addresses(decision.observed))
    return Scene(
        bundle.project,
        bundle,
        decision.inputs,
        crew.world,
        gateways,
        board,
        build_runs(crew, bundle.project),
        hosts,
    )


def build_runs(crew: Crew, project: str) -> BuildRuns:
    """Return the records of what a run of this crew builds."""
    world, memory = crew.world, crew.memory
    lease = crew.claim.lease
    return BuildRuns(
        Registrar(memory.task_runs, world.queue, world.clock, lease, project, crew.redact)
    )


def taken_addresses(observed: Observed) -> frozenset[str]:
    """Return the addresses that containers have for life, whosever they are."""
    return frozenset(
        address
        for seen in observed.engines.values()
        for container in (seen.value.containers if isinstance(seen, Found) else ())
        if (address := container.labels.get(LABEL_ADDRESS))
    )


def gateway_names(observed: Observed, plan: Plan) -> dict[str, str]:
    """Return the container of each target's gateway: the one that is there, or that is made now."""
    names = {}
    for target, seen in observed.engines.items():
        for container in seen.value.containers if isinstance(seen, Found) else ():
            owner = container.owner
            mine = container.labels.get(LABEL_PROJECT) == plan.project
            if mine and owner and owner.kind == "Target" and owner.name == target:
                names[target] = container.name
    for step in plan.steps:
        if isinstance(step.action, CreateContainer) and step.address.kind == "Target":
            names[step.action.target] = step.action.container.name
    return names


def failures_of(plan: Plan, outcomes: Mapping[int, Outcome]) -> tuple[tuple[Step, Outcome], ...]:
    """Return the steps that went wrong, each with how."""
    return tuple(
        (step, outcomes[step.number])
        for step in plan.steps
        if not isinstance(outcomes[step.number], Done | Skipped | Superseded)
    )


def keepers_of(decision: Decision, world: World) -> Mapping[str, LeaseKeeper]:
    """Return who keeps the lease of each engine that answers."""
    return {
        target: world.sites[target].leases
        for target, seen in decision.observed.engines.items()
        if isinstance(seen, Found)
    }


def _moved(plan: Plan, order: Order) -> bool:
    return bool(order.expected) and as_json(as_document(plan)) != order.expected
