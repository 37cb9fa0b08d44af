"""Reads what deciding needs beside the specs: sources and secret values."""

from __future__ import annotations

from collections.abc import Mapping

from gitops.engine.ports import World
from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.observed import Inputs
from gitops.model.outcomes import Observation
from gitops.model.resources import GitSource, SshKey
from gitops.model.secret import SecretRef, Secrets
from gitops.model.sources import Source
from gitops.plan.builds.bases import elsewhere
from gitops.plan.deploys.content import app_secrets


def read_inputs(bundle: Bundle, world: World) -> Inputs:
    """Return the sources of all tasks, what they build on, every secret value, and the time."""
    secrets, errors = read_secrets(bundle, world)
    inputs = Inputs(_sources(bundle, world, secrets), secrets, errors, world.clock())
    bases = elsewhere(bundle, inputs)
    if not bases:
        return inputs
    own = frozenset(registry.server for registry in bundle.registries)
    return inputs._replace(bases=world.bases.look(bases, own))


def _sources(
    bundle: Bundle, world: World, secrets: Secrets
) -> Mapping[Address, Observation[Source]]:
    if not bundle.tasks:
        return {}
    found = world.sources.read(bundle.tasks, secrets)
    if all(task.steps is None for task in bundle.tasks):
        return found
    from gitops.engine.looks.step_bases import (  # noqa: PLC0415 - for multi-step tasks only
        StepBases,
    )

    bases = StepBases(bundle, world.tools, secrets)
    return {task.address: bases.told(task, found[task.address]) for task in bundle.tasks}


def read_secrets(bundle: Bundle, world: World) -> tuple[Secrets, Mapping[SecretRef, str]]:
    """Return every secret value of the bundle, and why the others could not be read."""
    return world.secrets.read(sorted(references(bundle), key=str))


def references(bundle: Bundle) -> set[SecretRef]:
    """Return every secret of the bundle: apps', repositories of sources', registries'."""
    found = {reference for app in bundle.apps for reference in app_secrets(app)}
    for task in bundle.tasks:
        found.update(task.secrets.values())
        if isinstance(task.source, GitSource) and task.source.credentials is not None:
            credentials = task.source.credentials
            found.add(credentials.key if isinstance(credentials, SshKey) else credentials.password)
    found.update(one.credentials.password for one in bundle.registries if one.credentials)
    return found
