"""Brings an app's replicas to what is wanted, a wave at a time, and never fewer than promised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gitops.model.actions import (
    CreateVolume,
    Drain,
    Pull,
    SwitchRoutes,
    WaitHealthy,
)
from gitops.model.notes import HISTORY
from gitops.model.observed import ObservedContainer as Container
from gitops.model.routes import LAST_REQUEST, Route, Server
from gitops.model.wanted import WantedApp
from gitops.plan.deploys import replica
from gitops.plan.deploys.causes import why_new, why_switch
from gitops.plan.deploys.hooks import before_deploy
from gitops.plan.deploys.place import Place, port_of, server_of, whole
from gitops.plan.deploys.replica import New, undo_new
from gitops.plan.deploys.revisions import newest
from gitops.plan.deploys.sorting import proved, sort_out, stop_first
from gitops.plan.draft import Chain, Draft, Why
from gitops.plan.fronts import route_of


class Rollout:
    """The steps for one app, in two halves: all until the last switch, and what comes after it.

    Between them two apps can be joined, so that both switch at the same moment; `joint` says that
    no wave may switch before.
    """

    def __init__(
        self, draft: Draft, app: WantedApp, place: Place, after: tuple[int, ...], *, joint: bool
    ) -> None:
        self._draft = draft
        self._app = app
        self._place = place
        self._joint = joint
        self._sorted = sort_out(app, place)
        self._chain = Chain(draft, app.address, after)
        self._servers: list[Server] = [server_of(one) for one in self._sorted.ready]
        self._leaving = list(self._sorted.leaving)
        self._now = place.route
        self._taken = set(place.names | place.routed)
        self._stops = stop_first(app) if place.live is not None and self._fresh else ""
        self._wish = "" if self._known() else app.container.config

    @property
    def _fresh(self) -> bool:
        return bool(self._sorted.pending or self._sorted.missing)

    @property
    def _serving(self) -> list[Container]:
        """What leaves and still serves, in the order in which it goes."""
        routed = [one for one in self._leaving if one.running and self._was_routed(one)]
        return sorted(routed, key=self._worth)

    def _worth(self, one: Container) -> tuple[bool, int, int]:
        """Return what sorts replicas: first those that are sick or not whole, so far as known."""
        well = one.name not in self._place.sick and whole(self._place, one)
        return well, len(self._place.beside(one.name)), one.created

    def _was_routed(self, one: Container) -> bool:
        return one.name in self._place.routed or port_of(one) < 0

    def _known(self) -> bool:
        """Say whether this configuration has served before: its failure is then not its fault."""
        wish = self._app.container.config
        known = newest(self._place.notes.get((HISTORY, self._app.address.name)))
        routed = (one for one in self._place.mine if one.name in self._place.routed)
        return wish == known or any(one.config == wish for one in routed)

    def prepare(self) -> tuple[int, ...]:
        """Add everything up to the last switch; return the steps after which that may come."""
        if self._sorted.missing:
            self._provide()
        if not self._fresh:
            self._chain.join(self._place.gateway)
        waves = self._waves()
        for number, wave in enumerate(waves, 1):
            self._wave(wave)
            if number < len(waves):
                self._switch()
                self._retire(self._surplus())
        return self._chain.last

    def route(self) -> Route | None:
        """Return the route that is wanted in the end; none where there is nothing to route."""
        workers = self._servers and all(server.port < 0 for server in self._servers)
        if workers or (not self._servers and self._place.route is None):
            return None
        return self._routed(())

    def changes(self) -> bool:
        """Say whether the route in the end differs from the one that holds when it is reached."""
        route = self.route()
        return route is not None and route != self._now

    def why_switch(self) -> str:
        """Return why the route changes."""
        route = self.route()
        return why_switch(self._now, route) if route is not None else ""

    def finish(self, switched: tuple[int, ...]) -> tuple[int, ...]:
        """Add what comes after the last switch; return the steps after which the app is ready."""
        self._chain.last = switched
        self._retire(self._leaving)
        return self._chain.last

    def _provide(self) -> None:
        app = self._app
        for volume in app.volumes:
            if volume not in self._place.volumes:
                action = CreateVolume(app.target, volume)
                self._chain.then(action, "the app keeps its data there")
        images = dict.fromkeys(
            [app.container.image, *(one.container.image for one in app.sidecars)]
        )
        for image in images:
            self._chain.then(Pull(app.target, image), "the new container needs it")
        if self._wish:
            before_deploy(self._chain, app)

    def _waves(self) -> list[list[Container | New]]:
        """Return what has to pass the gate, in the waves in which it does.

        Where nothing is replaced there is nothing to be careful with: all go at once.
        """
        new: list[Container | New] = [self._new() for _ in range(self._sorted.missing)]
        items = [*self._sorted.pending, *new]
        careful = bool(self._serving) and not self._joint and self._app.replicas > 1
        size = self._app.deploy.parallelism if careful else max(len(items), 1)
        if careful and self._stops:
            size = min(size, max(self._app.deploy.max_unavailable, 1))
        return [items[at : at + size] for at in range(0, len(items), size)]

    def _new(self) -> New:
        name = replica.free(self._app, self._taken)
        new = replica.new_replica(self._app, name)
        self._taken.update(container.name for container in new.containers)
        return new

    def _wave(self, wave: Sequence[Container | New]) -> None:
        """Make, start and prove a wave; with `stopFirst`, end what it replaces before."""
        app = self._app
        begun = []
        for item in wave:
            if isinstance(item, New):
                own = self._chain.fork() if len(wave) > 1 else self._chain
                because = why_new(app, self._place)
                why = Why(because, wish=self._wish, mends=self._mends())
                replica.create(own, app, item, why)
                begun.append(own)
        _meet(self._chain, begun)
        victims = self._victims(wave)
        ended = [self._after_stop(one) for one in victims]
        ends = []
        for item in wave:
            own = self._chain.fork() if len(wave) > 1 else self._chain
            self._prove(own, item, ended)
            ends.append(own)
        _meet(self._chain, ends)

    def _mends(self) -> bool:
        """Say whether new replicas stand in for sick ones."""
        return not self._wish and any(one.name in self._place.sick for one in self._leaving)

    def _victims(self, wave: Sequence[Container | New]) -> list[Container]:
        """Return what has to stop before a wave may start, and stop it."""
        size = len(wave)
        if not self._stops:
            self._make_room(size)
            return []
        running = sorted((one for one in self._leaving if one.running), key=self._worth)
        victims = running[:size] if self._app.replicas > 1 else running
        others = [one for one in running if one not in victims]
        self._chain.join(self._place.gateway)
        if self._servers or others:
            self._without(victims)
        made = (undo for one in wave if isinstance(one, New) for undo in undo_new(self._app, one))
        undo = (*made, *replica.undo_stop(self._app, self._place, victims))
        for one in victims:
            because = f"{self._stops}, so the old one stops before the new one starts"
            replica.stop(self._chain, self._app, self._place, one, Why(because, undo))
        return victims

    def _make_room(self, size: int) -> None:
        """Take old ones away first, as far as `maxUnavailable` allows it."""
        spare = self._app.deploy.max_unavailable
        if not spare or not self._serving or self._joint:
            return
        left = max(self._app.replicas - spare - len(self._servers), 0)
        self._chain.join(self._place.gateway)
        surplus = self._serving[: max(min(len(self._serving) - left, size), 0)]
        if surplus:
            self._without(surplus)
            self._retire(surplus, drained=True)

    def _without(self, victims: Sequence[Container]) -> None:
        """Take servers out of the route, and wait for what they have begun."""
        gone = {one.name for one in victims}
        rest = [one for one in self._serving if one.name not in gone]
        if not (gone & self._place.routed):
            return
        because = f"{', '.join(sorted(gone))} makes room"
        self._lead(rest, because)
        self._chain.then(
            self._drain(), f"requests that {', '.join(sorted(gone))} has begun may end"
        )

    def _after_stop(self, one: Container) -> Container:
        names = {one.name, *(beside.name for beside in self._place.beside(one.name))}
        every = (
            each._replace(state="exited") if each.name in names else each
            for each in self._place.all
        )
        self._place = self._place._replace(all=tuple(every))
        stopped = one._replace(state="exited")
        self._leaving[self._leaving.index(one)] = stopped
        return stopped

    def _prove(self, chain: Chain, item: Container | New, ended: Iterable[Container]) -> None:
        app, place = self._app, self._place
        again = replica.undo_stop(app, place, ended)
        if isinstance(item, New):
            undo = (*undo_new(app, item), *again)
            beside = bool(self._serving) and not self._stops
            because = "to prove itself" + (" beside the old one" if beside else "")
            replica.start_new(chain, app, item, Why(because, undo, self._wish))
            port, address = app.port, ""
            because = "nothing is switched before it is healthy"
        else:
            # What was proved once is all there is: a failure leaves it, to be looked at again.
            before = proved(app, place, item)
            undo = () if before else (*replica.undo_old(app, place, item), *again)
            wish = "" if before else self._wish
            if not whole(place, item):
                why = Why("", undo, wish, mends=before)
                replica.start_again(chain, app, place, item, why)
            server = server_of(item)
            port, address = server.port, server.address
            because = "it was started again" if not item.running else "it has not proved itself yet"
        chain.join(place.gateway)
        name = item.name
        gate = WaitHealthy(app.target, Server(name, port, address), app.address, app.health)
        wish = self._wish if isinstance(item, New) or not proved(app, place, item) else ""
        chain.then(gate, Why(because, undo, wish))
        self._servers.append(Server(name, port, address))

    def _surplus(self) -> list[Container]:
        """Return the old ones that are not needed any more, now that this many new ones serve."""
        left = max(self._app.replicas - len(self._servers), 0)
        return self._serving[: max(len(self._serving) - left, 0)]

    def _switch(self) -> None:
        surplus = {one.name for one in self._surplus()}
        rest = [one for one in self._serving if one.name not in surplus]
        self._lead(rest, why_switch(self._now, self._routed(rest)))

    def _lead(self, rest: Sequence[Container], because: str) -> None:
        """Route to what is proved, and to the rest of the old ones."""
        self._now = self._routed(rest)
        # With no undo: a switch that failed may have been taken, and what is routed must not go.
        self._chain.then(SwitchRoutes(self._app.target, (self._now,)), because)

    def _routed(self, rest: Sequence[Container]) -> Route:
        app = self._app
        servers = [*self._servers, *map(server_of, rest)]
        return route_of(app, tuple(sorted(server for server in servers if server.port >= 0)))

    def _drain(self) -> Drain:
        app = self._app
        return Drain(app.target, app.address.name, max(app.deploy.drain, LAST_REQUEST))

    def _retire(self, gone: Sequence[Container], *, drained: bool = False) -> None:
        """Add drain, stop and removal of what is no longer wanted, beside the waves to come."""
        replica.retire(self._draft, self._app, self._place, gone, self._chain.last, drained=drained)
        self._leaving = [one for one in self._leaving if one not in gone]


def _meet(chain: Chain, others: Sequence[Chain]) -> None:
    """Let a chain go on after all that it was forked into."""
    if others and others[0] is not chain:
        chain.last = tuple(number for other in others for number in other.last)
