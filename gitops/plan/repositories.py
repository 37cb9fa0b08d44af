"""The full names of repositories."""

from __future__ import annotations

from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.resources import Registry, Repository


def repository_name(bundle: Bundle, address: Address) -> str:
    """Return the full name of a repository, with its registry's server."""
    repository = bundle.resources[address]
    if not isinstance(repository, Repository):
        raise TypeError(f"{address} is not a repository")
    registry = bundle.resources[repository.registry]
    if not isinstance(registry, Registry):
        raise TypeError(f"{repository.registry} is not a registry")
    return f"{registry.server}/{repository.path}"
