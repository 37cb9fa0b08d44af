from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest
from support.fakes import FakeLeases, ScriptedEngine, world_of
from support.model_world import ModelWorld
from support.planning import Wish, question_of
from support.steps import EMPTY, INPUTS, plan

from gitops.drivers.base import Engine, GatewayReader, Usage
from gitops.engine.decide import Decision
from gitops.engine.looks.loads import Load, measure
from gitops.engine.ports import World
from gitops.model.address import Address
from gitops.model.observed import (
    LABEL_KIND,
    LABEL_NAME,
    LABEL_PROJECT,
    LABEL_REPLICA,
    LABEL_SIDECAR,
    EngineSnapshot,
    Observed,
    ObservedContainer,
)
from gitops.model.outcomes import Found
from gitops.model.routes import ServerHealth
from gitops.model.wanted import Wanted
from gitops.spec.assembly import LoadRequest, load_texts

SHOP = Address("WebApp", "shop")
SPEC = """
apiVersion: gitops/v1
kind: WebApp
metadata: {name: shop}
spec: {image: {name: nginx, tag: "1"}}
"""


def container(name: str, owner: Address, **labels: str) -> ObservedContainer:
    """Return a running container of the project."""
    own = {LABEL_PROJECT: "shop", LABEL_KIND: owner.kind, LABEL_NAME: owner.name, **labels}
    return ObservedContainer(name, name, "image", "running", "Up", own, 1)


class Counters:
    """A gateway whose counters are what the test says, look after look."""

    def __init__(self, *looks: tuple[int, int]) -> None:
        self._looks = iter(looks)

    def health(self, _container: str) -> tuple[ServerHealth, ...]:
        """Return the next look: requests and errors."""
        requests, errors = next(self._looks)
        return (ServerHealth("shop", "a", *(True, 1.0, "", requests, errors, 3, 12.5)),)


class Uses:
    """An engine whose containers use what their names say."""

    def usage(self, names: Sequence[str]) -> dict[str, Usage]:
        """Return a use for each."""
        known = {"a": Usage(0.5, 1000, 4000), "a-helper": Usage(0.25, 500, 0)}
        return {name: known[name] for name in names if name in known}


def loads(counters: Counters, *more: ObservedContainer) -> tuple[Load, ...]:
    """Return what is measured of one replica; the looks are two seconds apart."""
    loaded = load_texts({"registry.yaml": SPEC}, LoadRequest("shop"))
    assert loaded.bundle is not None
    apps = question_of(Wish(loaded.bundle, {}), ModelWorld(("local",))).wanted.apps
    gateway = container("gateway", Address("Target", "local"))
    snapshot = EngineSnapshot((gateway, container("a", SHOP), *more), {}, frozenset())
    wanted = Wanted("shop", frozenset(), (), (), (), apps, {}, frozenset())
    seen = Observed({"local": Found(snapshot)}, {}, {})
    decision = Decision(EMPTY, INPUTS, wanted, seen, plan())
    times = iter([0.0, 2.0, 2.0])
    return measure(decision, world(snapshot, counters), lambda: next(times))


def world(snapshot: EngineSnapshot, counters: Counters) -> World:
    """Return a world with this gateway, and with an engine that measures."""
    made = world_of(ScriptedEngine(), FakeLeases(), snapshot)
    uses = cast("Engine", Uses())
    site = made.sites["local"]._replace(
        gateways=cast("GatewayReader", counters), engine=lambda: uses
    )
    return made._replace(sites={"local": site})


def test_rates_are_of_the_time_between() -> None:
    """Requests a second and the share of errors are those between two looks."""
    (load,) = loads(Counters((100, 10), (300, 20)))
    assert (load.rate, load.errors) == (100.0, pytest.approx(0.05))
    assert (load.milliseconds, load.open, load.up) == (12.5, 3, True)
    assert load.usage == Usage(0.5, 1000, 4000)


def test_counters_that_began_anew() -> None:
    """After a reload of the gateway, its counters are what they are since then."""
    (load,) = loads(Counters((100, 10), (20, 5)))
    assert (load.rate, load.errors) == (10.0, pytest.approx(0.25))


def test_nothing_asked_is_no_error() -> None:
    """Without a request there is no error, and no share of one."""
    (load,) = loads(Counters((100, 10), (100, 10)))
    assert (load.rate, load.errors) == (0.0, 0.0)


def test_sidecars_count_with_their_replica() -> None:
    """A replica's use is that of its sidecars as well; a limit counts if all have one."""
    helper = container("a-helper", SHOP, **{LABEL_SIDECAR: "helper", LABEL_REPLICA: "a"})
    (load,) = loads(Counters((0, 0), (0, 0)), helper)
    assert load.usage == Usage(0.75, 1500, 0)


def test_what_has_no_route_has_no_requests() -> None:
    """A replica that the gateway does not know has use, and no requests."""
    _, other = loads(Counters((0, 0), (0, 0)), container("b", SHOP))
    assert (other.replica, other.up, other.rate, other.usage) == ("b", None, 0.0, None)
