"""What only one resource may have: a host name, a place in a registry, `latest`, a port."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.diagnostics import Severity
from gitops.model.resources import BuildTask, Registry, Repository, Resource
from gitops.model.webapp import WebApp
from gitops.spec.findings import Finding, Path


class Claim(NamedTuple):
    """`what` is claimed of the thing `where`, under `name`; of a host only below `prefix`."""

    what: str
    where: str
    name: str = ""
    prefix: str = ""


class Holder(NamedTuple):
    """Who claims something: a resource, or one of its slots."""

    address: Address
    slot: str = ""

    def __str__(self) -> str:
        return f"{self.address}, slot {self.slot}" if self.slot else str(self.address)


class Clash(NamedTuple):
    """A finding about a resource that claims what `first` has."""

    address: Address
    finding: Finding
    first: Address


_Claimed = Iterable[tuple[Claim, Path, Holder]]


def claims(resources: Mapping[Address, Resource]) -> Iterator[Clash]:
    """Yield a finding for each resource that claims what another one has."""
    taken: dict[Claim, Holder] = {}
    apps = [found for found in resources.values() if isinstance(found, WebApp)]
    if any(app.slots for app in apps):
        # An app keeps its name, whichever of the two is written first.
        taken.update(
            {_instance(app.address.name): Holder(app.address) for app in apps},
        )
    for address, resource in resources.items():
        for claim, path, holder in _claimed(resource):
            first = taken.setdefault(claim, holder)
            told = claim.what == "instance" and first.address == address
            if first is not holder and not told:
                yield Clash(address, _finding(claim, first, path), first.address)


def _claimed(resource: Resource) -> _Claimed:
    match resource:
        case WebApp(slots=()):
            return _hosts(resource, Holder(resource.address), resource.hosts, ("spec",))
        case WebApp():
            return _claimed_with_slots(resource)
        case BuildTask(latest=True, repository=Address(name=name)):
            claim, path = Claim("latest", name), ("spec", "repository")
        case Repository():
            claim, path = Claim("path", resource.registry.name, resource.path), ("spec", "path")
        case Registry() if resource.managed is not None:
            claim, path = Claim("server", resource.server), ("spec", "server")
        case _:
            return ()
    return ((claim, path, Holder(resource.address)),)


def _hosts(app: WebApp, holder: Holder, hosts: tuple[str, ...], place: Path) -> _Claimed:
    several = len(hosts) > 1
    return [
        (
            Claim("host", app.target.name, host, prefix),
            (*place, "hosts", number) if several else (*place, "host"),
            holder,
        )
        for number, host in enumerate(hosts)
        for prefix in app.front.prefixes
    ]


def _claimed_with_slots(app: WebApp) -> _Claimed:
    yield from _hosts(app, Holder(app.address), app.hosts, ("spec",))
    for number, slot in enumerate(app.slots):
        holder = Holder(app.address, slot.name)
        place: Path = ("spec", "slots", number)
        yield _instance(f"{app.address.name}-{slot.name}"), (*place, "name"), holder
        yield from _hosts(app, holder, slot.hosts, place)


def _instance(name: str) -> Claim:
    """Return the claim to the name under which an app or a slot runs."""
    return Claim("instance", "", name)


def _finding(claim: Claim, first: Holder, path: Path) -> Finding:
    match claim.what:
        case "host":
            place = f"{claim.name}{claim.prefix}".removesuffix("/")
            message = f"{first} has the host {place} on Target/{claim.where} already"
            return Finding(path, message, "give one of the two another host, or path prefix")
        case "instance":
            message = f"{first} runs under the name {claim.name} already"
            return Finding(path, message, "give the slot another name")
        case "latest":
            message = f"{first} moves latest of Repository/{claim.where} already"
            hint = "write latest: false in one of the two, or give it a repository of its own"
            return Finding(path, message, hint)
        case "path":
            message = f"{first} is {claim.name} in Registry/{claim.where} already"
            return Finding(path, message, "use one Repository for both", severity=Severity.WARNING)
        case _:
            message = f"{first} is served at {claim.where} already"
            return Finding(path, message, "give one of the two another port")
