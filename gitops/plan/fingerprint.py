"""Hashes that name outputs by their inputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from gitops.model.observed import LABEL_PROJECT
from gitops.model.resources import BuildTask
from gitops.model.secret import SecretRef, Secrets
from gitops.model.task_inputs import BuildInputs
from gitops.model.wanted import WantedContainer, WantedSidecar
from gitops.model.webapp import Confinement

_VERSION = 1
"""Part of every hash: raised when what a hash covers changes its meaning."""

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def _digest(value: object) -> str:
    return hashlib.sha256(_encode(value).encode()).hexdigest()


def image_fingerprint(
    task: BuildTask,
    inputs: BuildInputs,
    args: Mapping[str, str],
    pull: str = "",
    *,
    beside: bool = False,
) -> str:
    """Return 64 hex digits over all that can change the image's content.

    Tags, timeouts, the commit itself and the spec's file name are left out on purpose: a commit
    that does not touch the context makes no new image. What comes from a pull request is never
    taken for the same thing from a branch. `beside` is for what is of a tag or a pull request,
    whose files count even where those of new commits do not.
    """
    follows = task.triggers.commit or beside
    tree = inputs.tree if follows else ""
    recipe = inputs.recipe if follows or task.steps else ""
    known = [_VERSION, tree, recipe, task.dockerfile, task.target, dict(args), dict(task.labels)]
    more = {
        "steps": _steps(task),
        "secrets": sorted(task.secrets),
        "platforms": task.platforms,
        "bases": dict(inputs.bases),
        "scheduled": dict(inputs.scheduled),
        "after": dict(inputs.after),
        "pull": pull,
    }
    said = {name: value for name, value in more.items() if value}
    return _digest([*known, said] if said else known)


def task_config(task: BuildTask, args: Mapping[str, str]) -> str:
    """Return a hash of what the spec says of the image's content, less what its sources hold."""
    known = [task.dockerfile, task.target, dict(args), dict(task.labels), task.platforms]
    return _digest([*known, _steps(task), sorted(task.secrets)])


def task_terms(task: BuildTask) -> str:
    """Return a hash of what may make a run fail and does not change the image; empty for defaults.

    A run that failed is tried again when one of them is another.
    """
    known = {
        "limits": [*task.resources, task.disk] if any((*task.resources, task.disk)) else [],
        "ssh": task.ssh,
        "secrets": {name: list(ref) for name, ref in sorted(task.secrets.items())},
    }
    said = {name: value for name, value in known.items() if value}
    return _digest(said)[:16] if said else ""


def _steps(task: BuildTask) -> list[object]:
    return (
        [*task.steps[:2], dict(task.steps.values), task.steps.docker_socket] if task.steps else []
    )


def text_hash(text: str) -> str:
    """Return 64 hex digits that name a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def config_hash(
    container: WantedContainer,
    image: str,
    port: int,
    secrets: Secrets,
    sidecars: Sequence[WantedSidecar] = (),
) -> str:
    """Return 64 hex digits over all that must cause a new container.

    `image` is the name that its inputs give it. Secret values take part by their version only.
    """
    beside = [
        [one.name, str(one.container.image), *_settings(one.container, secrets)] for one in sidecars
    ]
    further = _further(container, secrets)
    rest = [*([further] if any(further) else []), *([beside] if beside else [])]
    return _digest([_VERSION, image, port, *_settings(container, secrets), *rest])


def _settings(container: WantedContainer, secrets: Secrets) -> list[object]:
    env = [
        (name, value)
        if isinstance(value, str)
        else (name, "secret", secret_version(container, name, value, secrets))
        for name, value in container.env
    ]
    return [
        container.entrypoint,
        container.command,
        env,
        container.ports,
        container.mounts,
        container.network,
        container.aliases,
        container.resources,
    ]


def _further(container: WantedContainer, secrets: Secrets) -> list[object]:
    """Return what few containers have; where it is all empty it takes no part in the hash."""
    files = [
        secret_version(container, f"envFile {number}", ref, secrets)
        for number, ref in enumerate(container.env_files, 1)
    ]
    own = sorted(
        (key, value) for key, value in container.labels.items() if not key.startswith("gitops.")
    )
    confinement = container.confinement if container.confinement != Confinement() else None
    return [files, container.files, confinement, container.check, own, container.networks]


def secret_version(
    container: WantedContainer, name: str, reference: SecretRef, secrets: Secrets
) -> str:
    """Return what changes when the value of a container's secret does, and tells nothing of it."""
    project = container.labels.get(LABEL_PROJECT, "")
    return secrets[reference].version(f"{project}/{container.owner}/{name}")
