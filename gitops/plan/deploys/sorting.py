"""What becomes of each replica that is there: it stays, has to prove itself, or leaves."""

from __future__ import annotations

from typing import NamedTuple

from gitops.model.notes import HISTORY
from gitops.model.observed import ObservedContainer as Container
from gitops.model.wanted import WantedApp
from gitops.plan.deploys.place import Place, lacking, port_of, usable, whole
from gitops.plan.deploys.revisions import newest


class Sorted(NamedTuple):
    """An app's replicas: `ready` serve and stay, `pending` are right and have to prove themselves,
    `missing` is how many are to be made, `leaving` are no longer wanted.
    """

    ready: tuple[Container, ...]
    pending: tuple[Container, ...]
    missing: int
    leaving: tuple[Container, ...]


def sort_out(app: WantedApp, place: Place) -> Sorted:
    """Return what becomes of each replica that is there."""
    wish = app.container.config
    good = [
        one
        for one in place.mine
        if one.config == wish and usable(place, one) and not lacking(app, place, one)
    ]
    good.sort(key=lambda one: (one.name not in place.routed, not one.running, one.created))
    keep = good[: app.replicas]
    ready = tuple(one for one in keep if whole(place, one) and proved(app, place, one))
    pending = tuple(one for one in keep if one not in ready)
    leaving = tuple(one for one in place.mine if one not in keep)
    return Sorted(ready, pending, app.replicas - len(keep), leaving)


def proved(app: WantedApp, place: Place, one: Container) -> bool:
    """Say whether a container passed the gate: it has the route, or as a worker no rival."""
    if port_of(one) >= 0:
        return one.name in place.routed
    known = newest(place.notes.get((HISTORY, app.address.name)))
    return one.config == known or all(other.config == one.config for other in place.mine)


def stop_first(app: WantedApp) -> str:
    """Return why the old container has to stop before the new one starts, or an empty string."""
    if app.deploy.order == "startFirst":
        return ""
    if app.deploy.order == "stopFirst":
        return "deploy.order is stopFirst"
    writable = [mount for mount in app.container.mounts if not (mount.read_only or mount.shared)]
    return f"{writable[0].mount} is a writable volume" if writable else ""
