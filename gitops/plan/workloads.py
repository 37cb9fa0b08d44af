"""Apps: keep what is right, start what stopped, replace what differs, and lose nothing."""

from __future__ import annotations

from typing import NamedTuple

from gitops.model.actions import (
    Action,
    CreateContainer,
    CreateVolume,
    Drain,
    Pull,
    RemoveContainer,
    StartContainer,
    StopContainer,
    SwitchRoute,
    WaitHealthy,
)
from gitops.model.observed import (
    LABEL_CONFIG,
    LABEL_IMAGE,
    LABEL_PORT,
    LABEL_PROJECT,
    LABEL_REVISION,
)
from gitops.model.observed import ObservedContainer as Container
from gitops.model.plan import History
from gitops.model.routes import LAST_REQUEST, Route
from gitops.model.wanted import Blocked, WantedApp, WantedContainer
from gitops.plan.causes import LOST, describe_app, why_new, why_switch
from gitops.plan.containers import free_name
from gitops.plan.draft import Chain, Draft

NO_PORT = "none"
"""The value of the port label of a container that listens on nothing: a worker."""


class Place(NamedTuple):
    """What stands where an app belongs: its containers, the route it has, and what has a name."""

    mine: tuple[Container, ...]
    route: Route | None
    names: frozenset[str]
    volumes: frozenset[str] = frozenset()
    gateway: tuple[int, ...] = ()
    """The steps after which the gateway answers: a container may start before, not be asked."""

    @property
    def live(self) -> Container | None:
        """The container that requests reach; without a route, the oldest one that runs.

        Of two it is the one that was proved: a newer one is what a killed deployment left.
        """
        if self.route is not None:
            for container in self.mine:
                if container.name == self.route.container:
                    return container
        return min(self.mine, key=lambda found: (not found.running, found.created), default=None)


def plan_app(
    draft: Draft, app: WantedApp, place: Place, history: History, after: tuple[int, ...]
) -> None:
    """Add the steps for one app whose image is there or will be after the steps `after`."""
    wish = app.container.config
    bad = history.quarantined.get(app.address, {}).get(wish)
    live = place.live
    if bad is not None and (live is None or live.config != wish):
        draft.block(app.address, Blocked("DeployFailed", bad, fatal=True))
        hold_app(draft, app, place, after)
        _remove(draft, app, [one for one in place.mine if one is not live], ())
        return
    keep = _keep(place, wish)
    if keep is None:
        _replace(draft, app, place, after)
    else:
        _mend(draft, app, place, keep, after)
    if not draft.touches(app.address):
        draft.sync(app.address, describe_app(app, keep))


def hold_app(draft: Draft, app: WantedApp, place: Place, after: tuple[int, ...]) -> None:
    """Keep what is live alive, for an app about whose wanted state nothing can be done now."""
    live = place.live
    if live is None or live.running or live.state in LOST:
        return
    because = f"{live.name} is {live.state} ({live.status}); it serves until the wanted one can"
    chain = Chain(draft, app.address, (*after, *place.gateway))
    chain.then(StartContainer(app.target, live.name), because)
    chain.then(_gate(app, live.name, _port(live)), "it was started again")
    route = place.route
    if route is not None and route.container == live.name:
        again = route._replace(epoch=_epoch(place, live))
        chain.then(SwitchRoute(app.target, again), why_switch(route, again))


def _keep(place: Place, wish: str) -> Container | None:
    matches = [one for one in place.mine if one.config == wish and one.state not in LOST]
    live = place.live
    if live in matches:
        return live
    return max(matches, key=lambda one: (one.running, one.created), default=None)


def _mend(
    draft: Draft, app: WantedApp, place: Place, keep: Container, after: tuple[int, ...]
) -> None:
    """Bring a container that is the wanted one to the end of its way: running, proved, routed."""
    others = [one for one in place.mine if one is not keep]
    proved = _proved(place, keep)
    old = place.live if place.live is not keep else None
    stops = _stop_first(app) if old is not None and not proved else ""
    # What was proved once is all there is: a failure leaves it, to be looked at and tried again.
    undo = () if proved else _undo(app, keep.name, old if stops else None)
    wish = "" if proved else keep.config
    chain = Chain(draft, app.address, (*after, *place.gateway))
    if not keep.running:
        if stops:
            others = _stop_all(chain, app, others, stops, undo)
        because = f"{keep.name} is {keep.state} ({keep.status})"
        chain.then(StartContainer(app.target, keep.name), because, otherwise=undo, wish=wish)
    if not keep.running or not proved:
        because = "it has not proved itself yet" if keep.running else "it was started again"
        chain.then(_gate(app, keep.name, _port(keep)), because, otherwise=undo, wish=wish)
    route = _route(app, keep.name, _port(keep), _epoch(place, keep))
    if _port(keep) >= 0 and place.route != route:
        chain.then(SwitchRoute(app.target, route), why_switch(place.route, route))
    _retire(draft, app, others, chain.last)
    draft.set_ready(app.address, chain.last if draft.touches(app.address) else ())


def _proved(place: Place, keep: Container) -> bool:
    """Say whether a container passed the gate: it has the route, or as a worker stands alone."""
    if _port(keep) < 0:
        return len(place.mine) == 1
    return place.route is not None and place.route.container == keep.name


def _replace(draft: Draft, app: WantedApp, place: Place, after: tuple[int, ...]) -> None:
    """Create what is wanted; the old one serves until the new one has proved itself."""
    live = place.live
    # A gateway that knows the name knows the address of its former bearer, for seconds to come.
    routed = {place.route.container} if place.route else set()
    new = _named(app.container, place.names | routed)
    stops = _stop_first(app) if live is not None else ""
    undo = _undo(app, new.name, live if stops else None)
    wish = new.config
    others = list(place.mine)
    chain = Chain(draft, app.address, after)
    for volume in app.volumes:
        if volume not in place.volumes:
            chain.then(CreateVolume(app.target, volume), "the app keeps its data there")
    chain.then(Pull(app.target, new.image), "the new container needs it")
    # With no undo: when it failed because the name was taken just now, what has it is not ours.
    create = CreateContainer(app.target, new, app.port)
    chain.then(create, why_new(app, live), wish=wish)
    if stops:
        # Where the old one goes first, all that the new one needs has to be there.
        chain.join(place.gateway)
        others = _stop_all(chain, app, others, stops, undo)
    beside = live is not None and live.running and not stops
    because = "to prove itself" + (" beside the old one" if beside else "")
    chain.then(StartContainer(app.target, new.name), because, otherwise=undo, wish=wish)
    chain.join(place.gateway)
    because = "nothing is switched before it is healthy"
    chain.then(_gate(app, new.name, app.port), because, otherwise=undo, wish=wish)
    route = _route(app, new.name, app.port)
    # With no undo: a switch that failed may have been taken, and what is routed must not go.
    chain.then(SwitchRoute(app.target, route), why_switch(place.route, route))
    _retire(draft, app, others, chain.last)
    draft.set_ready(app.address, chain.last)


def _stop_all(
    chain: Chain, app: WantedApp, others: list[Container], stops: str, undo: tuple[Action, ...]
) -> list[Container]:
    """Stop all that runs: a killed deployment may have left two. Return them as they are then."""
    for other in others:
        if other.running:
            chain.then(_stop(app, other), _why_stop(stops), otherwise=undo)
    return [one._replace(state="exited") if one.running else one for one in others]


def _stop(app: WantedApp, container: Container) -> StopContainer:
    return StopContainer(app.target, container.name, app.deploy.stop)


def _why_stop(stops: str) -> str:
    return f"{stops}, so the old one stops before the new one starts"


def _gate(app: WantedApp, container: str, port: int) -> WaitHealthy:
    return WaitHealthy(app.target, container, app.address, port, app.health)


def _retire(
    draft: Draft,
    app: WantedApp,
    others: list[Container],
    after: tuple[int, ...],
) -> None:
    """Add drain, stop and removal of what is no longer wanted."""
    # One that the route left before may serve as well: a run was broken off while it drained.
    serving = [one.name for one in others if one.running and _port(one) >= 0]
    last = after
    if serving:
        because = f"requests that {', '.join(serving)} has begun may end"
        drain = Drain(app.target, app.address.name, max(app.deploy.drain, LAST_REQUEST))
        last = (draft.add(app.address, drain, because, after=after),)
    _remove(draft, app, others, last)


def _remove(draft: Draft, app: WantedApp, others: list[Container], after: tuple[int, ...]) -> None:
    for other in others:
        last = after
        if other.running:
            last = (
                draft.add(app.address, _stop(app, other), "it is no longer wanted", after=after),
            )
        draft.add(
            app.address,
            RemoveContainer(app.target, other.name),
            "it is no longer wanted",
            after=last,
        )


def _undo(app: WantedApp, new: str, old: Container | None) -> tuple[Action, ...]:
    """Return what leaves the app as it was when the new container fails."""
    restart = (StartContainer(app.target, old.name),) if old is not None else ()
    return (RemoveContainer(app.target, new), *restart)


def _route(app: WantedApp, container: str, port: int, epoch: int = 0) -> Route:
    return Route(app.address.name, app.hosts, container, port, app.deploy.drain, epoch)


def _epoch(place: Place, keep: Container) -> int:
    """Return the next epoch for what is started again under the route that it has."""
    if place.route is None or place.route.container != keep.name:
        return 0
    return place.route.epoch + (not keep.running)


def _port(container: Container) -> int:
    """Return the port in the container's label; -1 for a worker."""
    label = container.labels.get(LABEL_PORT, NO_PORT)
    return -1 if label == NO_PORT else int(label)


def _stop_first(app: WantedApp) -> str:
    """Return why the old container has to stop before the new one starts, or an empty string."""
    if app.deploy.order == "startFirst":
        return ""
    if app.deploy.order == "stopFirst":
        return "deploy.order is stopFirst"
    writable = [mount for mount in app.container.mounts if not mount.read_only]
    return f"{writable[0].mount} is a writable volume" if writable else ""


def _named(container: WantedContainer, taken: frozenset[str]) -> WantedContainer:
    """Give the new container a name that nobody has, not even someone else's container."""
    stem = f"{container.labels[LABEL_PROJECT]}-{container.owner.name}-{container.config[:8]}"
    return container._replace(name=free_name(stem, taken))


def sealed(app: WantedApp, config: str) -> WantedApp:
    """Return the app with its container's config hash and the labels that go with it."""
    labels = {
        **app.container.labels,
        LABEL_CONFIG: config,
        LABEL_IMAGE: app.image.pinned,
        **({LABEL_REVISION: app.revision} if app.revision else {}),
    }
    container = app.container._replace(image=app.image, config=config, labels=labels)
    return app._replace(container=container)
