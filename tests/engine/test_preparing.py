"""What is made while the lease is taken."""

from __future__ import annotations

from typing import Any, cast

from gitops.drivers.base import Builder, DriverError, Engine, ErrorKind, GatewayWriter
from gitops.engine.ports import Site
from gitops.engine.preparing import preparing
from gitops.model.actions import Action, Build, StartContainer
from gitops.model.address import Address
from gitops.model.plan import Plan, Step
from gitops.model.wanted import WantedImage


class Makers:
    """Counts what is asked for; the builder cannot be had."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def site(self) -> Site:
        """Return a site that is made of these."""
        unused = cast("Any", None)
        return Site(
            reader=unused,
            gateways=unused,
            leases=unused,
            notes=unused,
            watcher=unused,
            engine=self.engine,
            gateway=self.gateway,
            builder=self.builder,
            certificates=unused,
            tasks=unused,
            attester=unused,
        )

    def engine(self) -> Engine:
        """Make what writes to the engine."""
        self.made.append("engine")
        return cast("Engine", None)

    def gateway(self) -> GatewayWriter:
        """Make what writes to the gateway."""
        self.made.append("gateway")
        return cast("GatewayWriter", None)

    def builder(self) -> Builder:
        """Fail to make a builder."""
        self.made.append("builder")
        raise DriverError(ErrorKind.MISSING, "BuildKit cannot be used")


def plan(*actions: Action) -> Plan:
    steps = tuple(
        Step(number, Address("WebApp", "shop"), action, "", (), (), "")
        for number, action in enumerate(actions, 1)
    )
    return Plan("shop", steps, {}, {}, {}, (), "")


def test_makes_what_the_plan_needs_and_no_more() -> None:
    """Without a build no builder is looked for; a target that is left alone is left alone."""
    here, elsewhere = Makers(), Makers()
    with preparing(
        plan(StartContainer("local", "web")), {"local": here.site(), "far": elsewhere.site()}
    ):
        pass
    assert (here.made, elsewhere.made) == (["engine", "gateway"], [])


def test_what_cannot_be_made_is_left_to_its_step() -> None:
    """A builder that cannot be had ends nothing: the step that needs it will say so."""
    makers = Makers()
    build = Build("local", cast("WantedImage", None))
    with preparing(plan(build), {"local": makers.site()}):
        pass
    assert sorted(makers.made) == ["builder", "engine", "gateway"]
