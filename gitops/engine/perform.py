"""Does what a step says: one `match` over actions, with no decisions about what should be done."""

from __future__ import annotations

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.builds.building import build, push
from gitops.engine.builds.stepping import run_steps
from gitops.engine.deploys.certifying import obtain
from gitops.engine.deploys.creating import create_container, pull
from gitops.engine.deploys.gate import wait_healthy
from gitops.engine.deploys.hooking import run_hook
from gitops.engine.deploys.probing import candidate
from gitops.engine.deploys.refusals import recognized
from gitops.engine.deploys.remembering import keep_revision
from gitops.engine.deploys.routing import switch
from gitops.engine.ports import Site
from gitops.engine.reports.failures import with_cause
from gitops.engine.scene import Desk, Scene
from gitops.engine.waiting import drain, wait_service
from gitops.model import actions as act
from gitops.model.address import Address
from gitops.model.outcomes import Done, Outcome, Retry, Stalled, Superseded
from gitops.plan.containers import owner_labels

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
        detail = with_cause(recognized(error.what, error.detail), error.detail)
        return Stalled(error.what, detail, quarantine=error.kind in _BLAME)


def _perform(  # noqa: C901, PLR0911 - one case for each action
    scene: Scene, action: act.Action, desk: Desk
) -> Outcome:
    """Do what makes images, and what takes long; the rest is one call to an engine or a gateway."""
    match action:
        case act.Tag(image, tag):
            scene.world.registries.retag(image, tag)
            return Done()
        case act.Build():
            return build(scene, action, desk)
        case act.RunTask():
            return run_steps(scene, action, desk)
        case act.Push():
            return push(scene, action, desk)
        case act.WaitService():
            return wait_service(scene, action, desk.cancel)
        case act.RunHook(target):
            return run_hook(scene, scene.world.sites[target], action, desk)
        case act.ObtainCertificate(target):
            return obtain(scene, scene.world.sites[target], action)
        case act.KeepRevision(target):
            return keep_revision(scene, scene.world.sites[target], action)
        case _:
            return _perform_on_engine(scene, scene.world.sites[action.target], action, desk)


def _perform_on_engine(  # noqa: C901 - one case for each action
    scene: Scene, site: Site, action: act.Action, desk: Desk
) -> Outcome:
    match action:
        case act.CreateNetwork(_, name, owner):
            labels = owner_labels(scene.project, owner)
            # Apps have addresses for life; what else there is may be given any.
            site.engine().create_network(name, labels, addressed=owner.kind == "Target")
        case act.CreateVolume(target, name):
            labels = owner_labels(scene.project, Address("Target", target))
            site.engine().create_volume(name, labels)
        case act.RemoveNetwork(_, name):
            site.engine().remove_network(name)
        case act.RemoveVolume(_, name):
            site.engine().remove_volume(name)
        case act.Pull(_, image):
            return pull(scene.world.registries, site.engine(), image, scene.board, desk.output)
        case act.CreateContainer():
            return create_container(scene, site.engine(), action)
        case act.StartContainer(_, container):
            site.engine().start(container)
        case act.StopContainer(_, container, timeout):
            site.engine().stop(container, timeout)
        case act.RemoveContainer(_, container):
            site.engine().remove(container)
        case _:
            return _perform_on_gateway(scene, site, action, desk)
    return Done()


def _perform_on_gateway(scene: Scene, site: Site, action: act.Action, desk: Desk) -> Outcome:
    match action:
        case act.WaitHealthy():
            at_gate = candidate(scene, site, action)
            return wait_healthy(at_gate, site.engine(), scene.world.clock, desk.cancel, desk.output)
        case act.SwitchRoutes():
            return switch(scene, site, action)
        case act.RemoveRoute(target, app):
            return Done(site.gateway().switch(scene.gateways[target], {app: None}))
        case act.RestoreGateway(_, container, routes):
            return Done(site.gateway().restore(container, routes))
        case act.Drain(target, _, timeout):
            return drain(site.gateway(), scene.gateways[target], timeout, desk.cancel)
        case act.WriteNote(_, note):
            site.notes.write(scene.project, note)
        case act.EraseNote(_, topic, name):
            site.notes.erase(scene.project, topic, name)
        case _:
            raise TypeError(f"{type(action).__name__} is not an action of a site")
    return Done()
