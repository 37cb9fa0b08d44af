"""What apps use, and how their requests fare: two looks at the gateways with a second between."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from gitops.drivers.base import Usage
from gitops.engine.decide import Decision
from gitops.engine.ports import World
from gitops.engine.reconcile import gateway_names
from gitops.model.address import Address
from gitops.model.observed import LABEL_PROJECT, LABEL_REPLICA, LABEL_SIDECAR, ObservedContainer
from gitops.model.outcomes import Found
from gitops.model.routes import ServerHealth

_APART = 1.0
"""Seconds between the two looks at least."""


class Load(NamedTuple):
    """One replica, its sidecars included. `usage` none: it does not run; `up` none: not routed.

    `rate` is requests a second, `errors` the share of them that failed (0 to 1), `milliseconds`
    the average time of an answer, `open` how many requests are being answered.
    """

    app: Address
    replica: str
    state: str
    usage: Usage | None
    up: bool | None
    rate: float
    errors: float
    milliseconds: float
    open: int


Health = Mapping[tuple[str, str], ServerHealth]
"""What a gateway says of each server, by app and container."""


def measure(
    decision: Decision, world: World, clock: Callable[[], float] = time.monotonic
) -> tuple[Load, ...]:
    """Return the load of each replica of each app; takes one to two seconds."""
    found: list[Load] = []
    gateways = gateway_names(decision.observed, decision.plan._replace(steps=()))
    apps = {app.address for app in decision.wanted.apps}
    for target, seen in sorted(decision.observed.engines.items()):
        if not isinstance(seen, Found):
            continue
        mine = [
            one
            for one in seen.value.containers
            if one.owner in apps and one.labels.get(LABEL_PROJECT) == decision.bundle.project
        ]
        site = world.sites[target]
        before, started = _health(site.gateways.health, gateways.get(target)), clock()
        usage = site.engine().usage([one.name for one in mine if one.running])
        time.sleep(max(0.0, _APART - (clock() - started)))
        after, passed = _health(site.gateways.health, gateways.get(target)), clock() - started
        found += [
            _load(one, _together(one, mine, usage), (before, after), passed)
            for one in sorted(mine, key=lambda one: (str(one.owner), one.created, one.name))
            if LABEL_SIDECAR not in one.labels
        ]
    return tuple(found)


def _health(ask: Callable[[str], tuple[ServerHealth, ...]], gateway: str | None) -> Health:
    return {(one.app, one.container): one for one in ask(gateway)} if gateway is not None else {}


def _together(
    main: ObservedContainer, mine: Iterable[ObservedContainer], usage: Mapping[str, Usage]
) -> Usage | None:
    """Return what a replica uses with its sidecars; the limit is that of all of them or none."""
    names = [main.name, *(one.name for one in mine if one.labels.get(LABEL_REPLICA) == main.name)]
    parts = [usage[name] for name in names if name in usage]
    if not parts:
        return None
    limit = sum(part.limit for part in parts) if all(part.limit for part in parts) else 0
    return Usage(sum(part.cpus for part in parts), sum(part.memory for part in parts), limit)


def _load(
    one: ObservedContainer, usage: Usage | None, looks: tuple[Health, Health], passed: float
) -> Load:
    owner = one.owner or Address("WebApp", one.name)
    before, after = (look.get((owner.name, one.name)) for look in looks)
    if after is None:
        return Load(owner, one.name, one.state, usage, None, 0.0, 0.0, 0.0, 0)
    requests, errors = after.requests, after.errors
    if before is not None and before.requests <= requests:
        # Counters begin anew when the gateway's configuration does.
        requests, errors = requests - before.requests, errors - before.errors
    share = max(errors, 0) / requests if requests else 0.0
    return Load(
        owner,
        one.name,
        one.state,
        usage,
        after.up,
        requests / passed,
        min(share, 1.0),
        after.milliseconds,
        after.open,
    )
