"""One replica: the app's container and its sidecars, made, started, ended and removed together.

A replica's containers share one network, that of the sidecar that starts first; without sidecars
the app's container has its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from gitops.model.actions import (
    Action,
    CreateContainer,
    Drain,
    RemoveContainer,
    StartContainer,
    StopContainer,
)
from gitops.model.observed import LABEL_PROJECT, LABEL_REPLICA
from gitops.model.observed import ObservedContainer as Container
from gitops.model.routes import LAST_REQUEST
from gitops.model.wanted import WantedApp, WantedContainer
from gitops.plan.containers import free_name
from gitops.plan.deploys.place import Place, port_of
from gitops.plan.draft import Chain, Draft, Why


class New(NamedTuple):
    """A replica that is to be made: its containers in the order of their start, the app's last."""

    containers: tuple[WantedContainer, ...]

    @property
    def name(self) -> str:
        """The name of the app's container, which stands for the replica."""
        return self.containers[-1].name


def new_replica(app: WantedApp, name: str) -> New:
    """Return the containers of a new replica."""
    main = app.container._replace(name=name)
    beside = []
    for sidecar in app.sidecars:
        container = sidecar.container
        labels = {**container.labels, LABEL_REPLICA: name}
        beside.append(container._replace(name=f"{name}-{sidecar.name}", labels=labels))
    if not beside:
        return New((main,))
    # Whoever starts first owns the network, so the app's alias and address are that one's.
    owner = beside[0]._replace(aliases=main.aliases, networks=main.networks)
    joined = [one._replace(joins=owner.name, aliases=()) for one in beside[1:]]
    inner = main._replace(joins=owner.name, aliases=(), networks=())
    return New((owner, *joined, inner))


def create(chain: Chain, app: WantedApp, new: New, why: Why) -> None:
    """Add the creation of a replica."""
    # With no undo: when it failed because the name was taken just now, what has it is not ours.
    for container in new.containers[:-1]:
        made = CreateContainer(app.target, container, -1)
        chain.then(made, Why("it stands beside the app", wish=why.wish))
    made = CreateContainer(app.target, new.containers[-1], app.port)
    chain.then(made, why._replace(undo=()))


def start_new(chain: Chain, app: WantedApp, new: New, why: Why) -> None:
    """Add the start of a new replica, its sidecars first."""
    for container in new.containers[:-1]:
        start = StartContainer(app.target, container.name)
        chain.then(start, why._replace(because="it starts before the app"))
    start = StartContainer(app.target, new.name)
    chain.then(start, why._replace(mends=False))


def start_again(chain: Chain, app: WantedApp, place: Place, one: Container, why: Why) -> None:
    """Add the start of what has stopped of a replica, its sidecars first."""
    every = (*place.beside(one.name), one)
    for container in every:
        if container.running and not every[0].running:
            # Who goes on running keeps the network that ended with its owner, and reaches no one.
            again = why._replace(because=f"the network of {every[0].name} has ended", mends=False)
            chain.then(StopContainer(app.target, container.name, app.deploy.stop), again)
            chain.then(StartContainer(app.target, container.name), again)
        elif not container.running:
            told = f"; {why.because}" if why.because else ""
            because = f"{container.name} is {container.state} ({container.status}){told}"
            start = StartContainer(app.target, container.name)
            chain.then(start, why._replace(because=because))


def undo_new(app: WantedApp, new: New) -> tuple[Action, ...]:
    """Return what takes a new replica away again."""
    return undo_of(app, [container.name for container in new.containers])


def undo_of(app: WantedApp, names: Sequence[str]) -> tuple[Action, ...]:
    """Return what takes the containers of a replica away, in the order of their start, when it
    failed; with `onFailure: pause` they stay for a look, but do not run.
    """
    if app.deploy.on_failure == "pause":
        return tuple(StopContainer(app.target, name, app.deploy.stop) for name in reversed(names))
    return tuple(RemoveContainer(app.target, name) for name in reversed(names))


def undo_stop(app: WantedApp, place: Place, stopped: Iterable[Container]) -> tuple[Action, ...]:
    """Return what starts replicas again that were stopped, sidecars first."""
    every = (each for one in stopped for each in (*place.beside(one.name), one))
    return tuple(StartContainer(app.target, one.name) for one in every)


def undo_old(app: WantedApp, place: Place, one: Container) -> tuple[Action, ...]:
    """Return what takes a replica away that was there, and failed."""
    names = [*(beside.name for beside in place.beside(one.name)), one.name]
    return undo_of(app, names)


def stop(chain: Chain, app: WantedApp, place: Place, one: Container, why: Why) -> None:
    """Add the stop of a replica, its sidecars last."""
    for container in (one, *reversed(place.beside(one.name))):
        if container.running:
            action = StopContainer(app.target, container.name, app.deploy.stop)
            chain.then(action, Why(why.because, why.undo))


def remove(chain: Chain, app: WantedApp, place: Place, one: Container, because: str) -> None:
    """Add the removal of a replica."""
    for container in (one, *reversed(place.beside(one.name))):
        chain.then(RemoveContainer(app.target, container.name), because)


def free(app: WantedApp, taken: Collection[str]) -> str:
    """Return a name for a new replica that is free, as are those of its sidecars."""
    container = app.container
    stem = f"{container.labels[LABEL_PROJECT]}-{container.owner.name}-{container.config[:8]}"
    return free_name(stem, taken, [one.name for one in app.sidecars])


def retire(
    draft: Draft,
    app: WantedApp,
    place: Place,
    gone: Sequence[Container],
    after: tuple[int, ...],
    *,
    drained: bool = False,
) -> None:
    """Add drain, stop and removal of replicas, after the steps that took their requests away."""
    # One that the route left before may serve as well: a run was broken off while it drained.
    serving = [one.name for one in gone if one.running and port_of(one) >= 0]
    chain = Chain(draft, app.address, after)
    if serving and not drained:
        drain = Drain(app.target, app.address.name, max(app.deploy.drain, LAST_REQUEST))
        chain.then(drain, f"requests that {', '.join(serving)} has begun may end")
    why = Why("it is no longer wanted")
    for one in gone:
        own = chain.fork()
        stop(own, app, place, one, why)
        remove(own, app, place, one, why.because)
