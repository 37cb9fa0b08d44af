"""The full names of repositories, and where the images of tasks go."""

from __future__ import annotations

from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.resources import BuildTask, Registry, Repository


class Place(NamedTuple):
    """Where an image goes: the full name of its repository, and the registry's address."""

    repository: str
    registry: Address | None


def repository_name(bundle: Bundle, address: Address) -> str:
    """Return the full name of a repository, with its registry's server."""
    repository = _repository(bundle, address)
    return f"{server_of(bundle, repository.registry)}/{repository.path}"


def place_of(bundle: Bundle, task: BuildTask) -> Place:
    """Return where the image goes; a task without one works with the only registry, if it is."""
    if task.repository is None:
        registries = bundle.registries
        return Place("", registries[0].address if len(registries) == 1 else None)
    repository = _repository(bundle, task.repository)
    return Place(repository_name(bundle, task.repository), repository.registry)


def server_of(bundle: Bundle, address: Address) -> str:
    """Return the server of a registry."""
    registry = bundle.resources[address]
    if not isinstance(registry, Registry):
        raise TypeError(f"{address} is not a registry")
    return registry.server


def _repository(bundle: Bundle, address: Address) -> Repository:
    repository = bundle.resources[address]
    if not isinstance(repository, Repository):
        raise TypeError(f"{address} is not a repository")
    return repository
