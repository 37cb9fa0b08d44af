"""`down`: decide what a project owns, and remove it."""

from __future__ import annotations

import time
from typing import NamedTuple

from gitops.engine.board import Board
from gitops.engine.deploys.addresses import Addresses
from gitops.engine.leasing import holding
from gitops.engine.looks.observe import observe, observe_engines
from gitops.engine.ports import World
from gitops.engine.reconcile import Crew, Order, build_runs, carry_out, failures_of, gateway_names
from gitops.engine.scene import Scene
from gitops.model.bundle import Bundle
from gitops.model.observed import Inputs, Observed
from gitops.model.outcomes import Found, Outcome
from gitops.model.plan import Plan, Step
from gitops.plan.containers import gateway_service
from gitops.plan.prune import tear_down


class Teardown(NamedTuple):
    """What is to be removed, and what that was read from."""

    observed: Observed
    plan: Plan


def decide_teardown(bundle: Bundle, world: World, *, volumes: bool) -> Teardown:
    """Return the plan that removes all that the project owns on the targets of its specs."""
    engines = observe_engines(bundle.project, world.sites)
    gateways = [gateway_service(bundle, target) for target in bundle.targets]
    observed = observe(bundle, world, engines, gateways, [])
    return Teardown(observed, tear_down(bundle.project, observed, volumes=volumes))


def carry_out_teardown(
    bundle: Bundle, crew: Crew, *, volumes: bool
) -> tuple[tuple[Step, Outcome], ...]:
    """Remove it, under the lease; return what went wrong."""
    first = decide_teardown(bundle, crew.world, volumes=volumes)
    keepers = {
        target: crew.world.sites[target].leases
        for target, seen in first.observed.engines.items()
        if isinstance(seen, Found)
    }
    with holding(keepers, crew.claim, crew.cancel):
        teardown = decide_teardown(bundle, crew.world, volumes=volumes)
        gateways = gateway_names(teardown.observed, teardown.plan)
        inputs = Inputs({}, {}, {}, crew.world.clock())
        addresses = Addresses(time.monotonic)
        scene = Scene(
            bundle.project,
            bundle,
            inputs,
            crew.world,
            gateways,
            Board(addresses),
            build_runs(crew, bundle.project),
        )
        outcomes = carry_out(teardown.plan, scene, crew, Order("down", "down"))
        return failures_of(teardown.plan, outcomes)
