"""Switches routes: what a plan could not know yet of their servers is filled in here."""

from __future__ import annotations

from gitops.engine.board import Board
from gitops.engine.ports import Site
from gitops.engine.scene import Scene
from gitops.model.actions import SwitchRoutes
from gitops.model.address import Address
from gitops.model.outcomes import Done, Outcome
from gitops.model.routes import Route, Server
from gitops.plan.certificates import OBTAINED


def switch(scene: Scene, site: Site, action: SwitchRoutes) -> Outcome:
    """Send all routes of the action to their servers in one step; a worker has no route."""
    routes = [_filled(route, scene.board) for route in action.routes]
    changes = {route.app: route for route in routes if route is not None}
    if not changes:
        return Done("it listens on no port, so it has no route")
    return Done(site.gateway().switch(scene.gateways[action.target], dict(changes)))


def server(found: Server, board: Board) -> Server:
    """Return a server with its port and address."""
    return found._replace(
        port=board.port(found.container, found.port),
        address=board.address(found.container, found.address),
    )


def _filled(route: Route, board: Board) -> Route | None:
    servers = tuple(server(one, board) for one in route.servers)
    listening = tuple(sorted(one for one in servers if one.port >= 0))
    if servers and not listening:
        return None
    rules = route.rules
    if rules.certificate == OBTAINED:
        name = board.certificate(Address("WebApp", route.app))
        rules = rules._replace(certificate=name)
    return route._replace(servers=listening, rules=rules)
