"""The plan that restarts an app's replicas, one after the other, where they are."""

from __future__ import annotations

from collections.abc import Sequence

from gitops.model.actions import Drain, SwitchRoutes, WaitHealthy
from gitops.model.address import Address
from gitops.model.observed import ObservedContainer as Container
from gitops.model.plan import Plan
from gitops.model.routes import LAST_REQUEST, Route
from gitops.model.wanted import WantedApp
from gitops.plan.deploys import replica
from gitops.plan.deploys.place import Place, port_of, server_of
from gitops.plan.deploys.wishes import RefusedError
from gitops.plan.draft import Chain, Draft, Why
from gitops.plan.grounds import Question, place_of, survey

_ALONE = "it is the only replica that serves: requests are not answered until it is healthy again"


def plan_restart(question: Question, address: Address, why: str) -> Plan:
    """Return the plan; raise `RefusedError` where nothing runs that could be restarted.

    A replica gets no requests from before its stop until it has proved itself again. One that
    does not come back ends the plan: the others are left as they are.
    """
    draft = Draft(question.wanted.project)
    grounds = survey(draft, question)
    app = next(one for one in question.wanted.apps if one.address == address)
    place = place_of(question.wanted.project, grounds[app.target], app)
    running = sorted(
        (one for one in place.mine if one.running), key=lambda one: (one.created, one.name)
    )
    if not running:
        raise RefusedError(
            f"no container of {address} runs; `gitops status` says why, and"
            f" `gitops start {address}` or `gitops reconcile` starts it"
        )
    chain = Chain(draft, address, ())
    for one in running:
        _restart(chain, app, place, one, why)
    for one in running[:1] if _alone(place, running[0]) else ():
        draft.warn(f"{one.name}: {_ALONE}")
    return draft.finish()


def _restart(chain: Chain, app: WantedApp, place: Place, one: Container, why: str) -> None:
    routed = place.route if one.name in place.routed else None
    alone = _alone(place, one)
    if routed is not None and not alone:
        rest = tuple(server for server in routed.servers if server.container != one.name)
        _switch(chain, app, routed._replace(servers=rest), f"{one.name} is about to restart")
        drain = Drain(app.target, app.address.name, max(app.deploy.drain, LAST_REQUEST))
        chain.then(drain, f"requests that {one.name} has begun may end")
    replica.stop(chain, app, place, one, Why(f"{why}; {_ALONE}" if alone else why))
    stopped = _stopped(place, (one, *place.beside(one.name)))
    down = next(other for other in stopped.mine if other.name == one.name)
    replica.start_again(chain, app, stopped, down, Why(""))
    gate = WaitHealthy(app.target, server_of(one), app.address, app.health)
    chain.then(gate, "the next one waits until this one is healthy")
    if routed is not None and not alone:
        _switch(chain, app, routed, f"{one.name} is healthy again")


def _switch(chain: Chain, app: WantedApp, route: Route, why: str) -> None:
    chain.then(SwitchRoutes(app.target, (route,)), why)


def _alone(place: Place, one: Container) -> bool:
    """Say whether requests go to this container and to no other one that runs."""
    up = {other.name for other in place.mine if other.running}
    return port_of(one) >= 0 and one.name in place.routed and not (place.routed & up) - {one.name}


def _stopped(place: Place, ended: Sequence[Container]) -> Place:
    names = {one.name for one in ended}
    return place._replace(
        all=tuple(
            one._replace(state="stopped", status="for its restart") if one.name in names else one
            for one in place.all
        )
    )
