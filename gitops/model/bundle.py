"""Everything that the user declared, checked and resolved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.diagnostics import Diagnostic, Span
from gitops.model.resources import BuildTask, Registry, Repository, Resource, Target
from gitops.model.webapp import WebApp


class Bundle(NamedTuple):
    """The resources of one project. Only a complete one exists: a load with errors makes none."""

    project: str
    resources: Mapping[Address, Resource]
    origins: Mapping[Address, Span]
    files: tuple[str, ...]
    """Every file that was read, and every folder that was scanned, for those who watch them."""

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets, with the one that is there by default."""
        return tuple(found for found in self.resources.values() if isinstance(found, Target))

    @property
    def registries(self) -> tuple[Registry, ...]:
        """The registries, in the order in which they were written."""
        return tuple(found for found in self.resources.values() if isinstance(found, Registry))

    @property
    def repositories(self) -> tuple[Repository, ...]:
        """The repositories, in the order in which they were written."""
        return tuple(found for found in self.resources.values() if isinstance(found, Repository))

    @property
    def tasks(self) -> tuple[BuildTask, ...]:
        """The build tasks, in the order in which they were written."""
        return tuple(found for found in self.resources.values() if isinstance(found, BuildTask))

    @property
    def apps(self) -> tuple[WebApp, ...]:
        """The web apps, in the order in which they were written."""
        return tuple(found for found in self.resources.values() if isinstance(found, WebApp))


class Loaded(NamedTuple):
    """What a load gave: a bundle unless something is wrong, and everything that was found."""

    bundle: Bundle | None
    diagnostics: tuple[Diagnostic, ...]
    documents: int
    files: tuple[str, ...]
