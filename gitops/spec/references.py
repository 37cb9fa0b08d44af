"""How resources hang together: every reference is there, and no two claim the same thing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.resources import BuildTask, Registry, Repository, Resource, Target
from gitops.model.webapp import NamedImage, RepositoryImage, WebApp
from gitops.spec.claims import claims
from gitops.spec.decode.app import DEFAULT_TARGET
from gitops.spec.decode.place import LOCAL
from gitops.spec.findings import Finding, Path, dotted

Resources = Mapping[Address, Resource]


class Trouble(NamedTuple):
    """A finding about one resource among others."""

    address: Address
    finding: Finding
    wanted: Address | None = None
    """The address that leads nowhere, for a hint on the nearest one."""
    first: Address | None = None
    """The other resource that the finding is about, to be told with its place."""


def with_targets(resources: Resources) -> tuple[dict[Address, Resource], list[Trouble]]:
    """Return the resources with `Target/local` when no target is declared, and each app's target.

    An app that names none runs on `local` if it exists, else on the only target.
    """
    targets = [found.address for found in resources.values() if isinstance(found, Target)]
    complete = dict(resources) if targets else {LOCAL.address: LOCAL, **resources}
    local = LOCAL.address if LOCAL.address in complete else None
    default = local or (targets[0] if len(targets) == 1 else None)
    troubles = []
    for address, found in complete.items():
        if isinstance(found, WebApp) and found.target is DEFAULT_TARGET:
            if default is None:
                troubles.append(Trouble(address, _undecided(targets)))
            else:
                complete[address] = found._replace(target=default)
    return complete, troubles


def _undecided(targets: list[Address]) -> Finding:
    names = ", ".join(target.name for target in targets)
    message = f"spec.target is missing, and there are {len(targets)} targets: {names}"
    return Finding(("spec",), message, f"add target: {targets[0].name}, or another", at_key=True)


def check(resources: Resources) -> list[Trouble]:
    """Return everything that is wrong between the resources, in the order of the resources."""
    missing = [
        Trouble(resource.address, _missing(wanted, path, resources), wanted)
        for resource in resources.values()
        for path, wanted in _references(resource)
        if wanted not in resources
    ]
    return [
        *missing,
        *_cycle(resources),
        *(Trouble(clash.address, clash.finding, first=clash.first) for clash in claims(resources)),
    ]


def _references(resource: Resource) -> Iterable[tuple[Path, Address]]:
    match resource:
        case WebApp():
            return _references_of_app(resource)
        case BuildTask():
            own, after = resource.repository, resource.triggers.after
            return (
                *([(("spec", "repository"), own)] if own is not None else []),
                *((("spec", "triggers", "after", at), address) for at, address in enumerate(after)),
            )
        case Repository():
            return ((("spec", "registry"), resource.registry),)
        case Target() | Registry():
            return ()


def _references_of_app(app: WebApp) -> Iterator[tuple[Path, Address]]:
    for place, image in _images(app):
        if isinstance(image, RepositoryImage):
            yield (*place, "image", "repository"), image.repository
    if app.target is not DEFAULT_TARGET:
        yield ("spec", "target"), app.target
    for number, address in enumerate(app.depends_on):
        yield ("spec", "dependsOn", number), address


def _images(app: WebApp) -> Iterator[tuple[Path, RepositoryImage | NamedImage | None]]:
    yield ("spec",), app.image
    for number, slot in enumerate(app.slots):
        yield ("spec", "slots", number), slot.image
    for number, sidecar in enumerate(app.runtime.sidecars):
        yield ("spec", "sidecars", number), sidecar.image


def _missing(wanted: Address, path: Path, resources: Resources) -> Finding:
    message = f"{dotted(path)}: there is no {wanted}"
    task = resources.get(Address("BuildTask", wanted.name))
    if path[-1] == "repository" and isinstance(task, BuildTask) and task.repository is None:
        why = f"{task.address} makes no image: give it a `repository`, and declare that"
        return Finding(path, f"{message}, and {task.address} pushes to none", why)
    return Finding(path, message)


def _cycle(resources: Resources) -> Iterator[Trouble]:
    """Only apps depend on apps, and only tasks come after tasks; every other reference leads to a
    kind that cannot lead back.
    """
    apps = {
        found.address: found.depends_on
        for found in resources.values()
        if isinstance(found, WebApp) and found.depends_on
    }
    tasks = {
        found.address: found.triggers.after
        for found in resources.values()
        if isinstance(found, BuildTask) and found.triggers.after
    }
    yield from _circle(apps, ("spec", "dependsOn"))
    yield from _circle(tasks, ("spec", "triggers", "after"))


def _circle(edges: Mapping[Address, tuple[Address, ...]], path: Path) -> Iterator[Trouble]:
    if not edges:
        return
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        cycle: list[Address] = error.args[1]
        # graphlib lists each node before those that need it; a reader follows the needs.
        way = " -> ".join(str(address) for address in reversed(cycle))
        hint = "remove one of these dependencies"
        message = f"{dotted(path)}: a cycle: {way}"
        yield Trouble(cycle[0], Finding(path, message, hint, at_key=True))
