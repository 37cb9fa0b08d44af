"""Replicas that follow the load: samples CPU use, and notes how many replicas there should be."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from gitops.drivers.base import Usage
from gitops.engine.decide import Decision
from gitops.engine.ports import Site
from gitops.model.address import Address
from gitops.model.notes import SCALE, Note
from gitops.model.observed import LABEL_PROJECT, LABEL_SIDECAR
from gitops.model.outcomes import Found
from gitops.model.wanted import WantedApp
from gitops.model.webapp import Autoscale

TOLERANCE = 0.1
"""Share by which the use may differ from the wanted one before anything is done."""

UP_AFTER = 15.0
DOWN_AFTER = 120.0
"""Seconds after the last change until the next one: what is new has to show what it takes off, and
a pause is not the end of the load."""


class Scaler:
    """Remembers when it last changed something; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._changed: dict[Address, float] = {}

    def look(self, decision: Decision, target: str, site: Site) -> Iterator[str]:
        """Note new numbers for the apps of a target; give the reason of each."""
        for app in decision.wanted.apps:
            scale = app.spec.autoscale
            if scale is None or app.target != target or app.address in decision.plan.suspended:
                continue
            names = running(decision, app)
            if not names or app.replicas == 0:
                continue
            use = average(app, list(site.engine().usage(names).values()))
            number = desired(scale, len(names), use)
            reason = self._turn(app, number, use)
            if reason:
                text = f"{number} {reason}"
                version = int(decision.inputs.now * 1000) + 1
                site.notes.write(
                    decision.bundle.project, Note(SCALE, app.address.name, version, text)
                )
                yield f"{app.address}: {reason}"

    def _turn(self, app: WantedApp, number: int, use: float) -> str:
        """Return why the number is to change now; empty where it stays."""
        if number == app.replicas:
            return ""
        now = self._clock()
        quiet = UP_AFTER if number > app.replicas else DOWN_AFTER
        if now - self._changed.setdefault(app.address, now - UP_AFTER) < quiet:
            return ""
        self._changed[app.address] = now
        scale = app.spec.autoscale
        wanted = f", wanted {scale.cpu:g} %" if scale is not None else ""
        return f"{app.replicas} -> {number} replicas: CPU at {use:.0f} %{wanted}"


def desired(scale: Autoscale, replicas: int, use: float) -> int:
    """Return how many replicas bring the average use to what is wanted.

    The same rule as Kubernetes' horizontal pod autoscaler: replicas x use / wanted use, rounded up.
    """
    ratio = use / scale.cpu
    number = replicas if abs(ratio - 1) <= TOLERANCE else math.ceil(replicas * ratio)
    return min(max(number, scale.min), scale.max)


def average(app: WantedApp, usages: Sequence[Usage]) -> float:
    """Return the average CPU use in percent of what one replica may use (a core without limit)."""
    share = app.content.runtime.resources.cpus or 1.0
    return 100.0 * sum(usage.cpus for usage in usages) / (share * max(len(usages), 1))


def running(decision: Decision, app: WantedApp) -> tuple[str, ...]:
    """Return the app's containers that run, without sidecars."""
    seen = decision.observed.engines.get(app.target)
    containers = seen.value.containers if isinstance(seen, Found) else ()
    return tuple(
        one.name
        for one in containers
        if one.running
        and one.owner == app.address
        and one.labels.get(LABEL_PROJECT) == decision.bundle.project
        and LABEL_SIDECAR not in one.labels
    )
