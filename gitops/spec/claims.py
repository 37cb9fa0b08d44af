"""What only one resource may have: a host name, a place in a registry, `latest`, a port."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.diagnostics import Severity
from gitops.model.resources import BuildTask, Registry, Repository, Resource, WebApp
from gitops.spec.findings import Finding, Path


class Claim(NamedTuple):
    """`what` is claimed of the thing `where`, under `name`."""

    what: str
    where: str
    name: str = ""


def claims(resources: Mapping[Address, Resource]) -> Iterator[tuple[Address, Finding]]:
    """Yield a finding for each resource that claims what another one has."""
    taken: dict[Claim, Address] = {}
    for address, resource in resources.items():
        for claim, path in _claimed(resource):
            first = taken.setdefault(claim, address)
            if first is not address:
                yield address, _finding(claim, first, path)


def _claimed(resource: Resource) -> Iterable[tuple[Claim, Path]]:
    match resource:
        case WebApp(hosts=(host,)):
            return [(Claim("host", resource.target.name, host), ("spec", "host"))]
        case WebApp():
            return [
                (Claim("host", resource.target.name, host), ("spec", "hosts", number))
                for number, host in enumerate(resource.hosts)
            ]
        case BuildTask(latest=True):
            return [(Claim("latest", resource.repository.name), ("spec", "repository"))]
        case Repository():
            return [(Claim("path", resource.registry.name, resource.path), ("spec", "path"))]
        case Registry() if resource.managed is not None:
            return [(Claim("server", resource.server), ("spec", "server"))]
        case _:
            return ()


def _finding(claim: Claim, first: Address, path: Path) -> Finding:
    match claim.what:
        case "host":
            message = f"{first} has the host {claim.name} on Target/{claim.where} already"
            return Finding(path, message, "give one of the two another host")
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
