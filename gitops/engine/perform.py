"""Does what a step says: one `match` over actions, with no decisions about what should be done."""

from __future__ import annotations

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.building import build
from gitops.engine.creating import create_container, pull
from gitops.engine.gate import Candidate, wait_healthy
from gitops.engine.ports import Site
from gitops.engine.scene import Desk, Scene
from gitops.engine.waiting import drain, wait_service
from gitops.model import actions as act
from gitops.model.observed import LABEL_KIND, LABEL_NAME, LABEL_PROJECT, ProbeAnswer
from gitops.model.outcomes import Done, Outcome, Retry, Stalled, Superseded
from gitops.model.routes import Route

_BLAME = (ErrorKind.FAILED, ErrorKind.INVALID)
_AGAIN = (ErrorKind.UNREACHABLE, ErrorKind.TIMEOUT, ErrorKind.DISK_FULL)


def perform(scene: Scene, action: act.Action, desk: Desk) -> Outcome:
    """Carry out one action; what a driver reports becomes an outcome here and nowhere else."""
    try:
        return _perform(scene, action, desk)
    except DriverError as error:
        if error.kind is ErrorKind.CANCELLED:
            return Superseded()
        if error.kind in _AGAIN:
            return Retry(f"{error.what} ({error.kind})", error.detail)
        return Stalled(error.what, error.detail, quarantine=error.kind in _BLAME)


def _perform(  # noqa: C901, PLR0911, PLR0912 - one case for each action
    scene: Scene, action: act.Action, desk: Desk
) -> Outcome:
    match action:
        case act.Tag(image, tag):
            scene.world.registries.retag(image, tag)
            return Done()
        case act.Build():
            return build(scene, action, desk)
        case _:
            pass
    site = scene.world.sites[action.target]
    match action:
        case act.CreateNetwork(target, name):
            site.engine().create_network(name, _labels(scene, "Target", target))
        case act.CreateVolume(target, name):
            site.engine().create_volume(name, _labels(scene, "Target", target))
        case act.RemoveNetwork(_, name):
            site.engine().remove_network(name)
        case act.RemoveVolume(_, name):
            site.engine().remove_volume(name)
        case act.Push(_, image):
            digest = site.engine().push(image, desk.output)
            scene.board.pushed(image, digest)
            return Done(digest)
        case act.Pull(_, image):
            return pull(scene.world.registries, site.engine(), image, scene.board, desk.output)
        case act.CreateContainer():
            return create_container(
                scene.world.registries, site.engine(), action, scene.board, scene.inputs.secrets
            )
        case act.StartContainer(_, container):
            site.engine().start(container)
        case act.WaitService():
            return wait_service(scene, action, desk.cancel)
        case act.WaitHealthy():
            return _wait_healthy(scene, site, action, desk)
        case _:
            return _perform_on_gateway(scene, site, action, desk)
    return Done()


def _perform_on_gateway(scene: Scene, site: Site, action: act.Action, desk: Desk) -> Outcome:
    match action:
        case act.SwitchRoute(target, route):
            port = scene.board.port(route.container, route.port)
            if port < 0:
                return Done("it listens on no port, so it has no route")
            changes = {route.app: route._replace(port=port)}
            return Done(site.gateway().switch(scene.gateways[target], changes))
        case act.RemoveRoute(target, app):
            return Done(site.gateway().switch(scene.gateways[target], {app: None}))
        case act.RestoreGateway(_, container, routes):
            return Done(site.gateway().restore(container, routes))
        case act.Drain(target, _, timeout):
            return drain(site.gateway(), scene.gateways[target], timeout, desk.cancel)
        case act.StopContainer(_, container, timeout):
            site.engine().stop(container, timeout)
        case act.RemoveContainer(_, container):
            site.engine().remove(container)
        case _:
            raise TypeError(f"{type(action).__name__} is not an action of a site")
    return Done()


def _wait_healthy(scene: Scene, site: Site, action: act.WaitHealthy, desk: Desk) -> Outcome:
    port = scene.board.port(action.container, action.port)
    health = action.health
    upstream = Route(action.app.name, _hosts(scene, action), action.container, port)

    def ask() -> ProbeAnswer:
        gateway = scene.gateways[action.target]
        return site.gateway().probe(gateway, upstream, health.path, health.timeout)

    candidate = Candidate(action.container, health, ask if port >= 0 else None)
    return wait_healthy(candidate, site.engine(), scene.world.clock, desk.cancel, desk.output)


def _hosts(scene: Scene, action: act.WaitHealthy) -> tuple[str, ...]:
    apps = scene.bundle.apps if scene.bundle else ()
    return next((app.hosts for app in apps if app.address == action.app), (action.app.name,))


def _labels(scene: Scene, kind: str, name: str) -> dict[str, str]:
    return {LABEL_PROJECT: scene.project, LABEL_KIND: kind, LABEL_NAME: name}
