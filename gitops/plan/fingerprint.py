"""Hashes that name outputs by their inputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from gitops.model.observed import LABEL_PROJECT
from gitops.model.resources import BuildTask
from gitops.model.secret import EnvSecret, FileSecret, Secrets
from gitops.model.sources import Source
from gitops.model.wanted import WantedContainer

_VERSION = 1
"""Part of every hash: raised when what a hash covers changes its meaning."""

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def _digest(value: object) -> str:
    return hashlib.sha256(_encode(value).encode()).hexdigest()


def image_fingerprint(task: BuildTask, source: Source, args: Mapping[str, str]) -> str:
    """Return 64 hex digits over all that can change the image's content.

    Tags, timeouts, the commit itself and the spec's file name are left out on purpose: a commit
    that does not touch the context makes no new image.
    """
    return _digest(
        [
            _VERSION,
            source.tree,
            source.dockerfile,
            task.dockerfile,
            task.target,
            dict(args),
            dict(task.labels),
        ]
    )


def config_hash(container: WantedContainer, image: str, port: int, secrets: Secrets) -> str:
    """Return 64 hex digits over all that must cause a new container.

    `image` is the name that its inputs give it. Secret values take part by their version only.
    """
    env = [
        (name, value)
        if isinstance(value, str)
        else (name, "secret", _version(container, name, value, secrets))
        for name, value in container.env
    ]
    return _digest(
        [
            _VERSION,
            image,
            port,
            container.entrypoint,
            container.command,
            env,
            container.ports,
            container.mounts,
            container.network,
            container.aliases,
            container.resources,
        ]
    )


def _version(
    container: WantedContainer, name: str, reference: EnvSecret | FileSecret, secrets: Secrets
) -> str:
    project = container.labels.get(LABEL_PROJECT, "")
    return secrets[reference].version(f"{project}/{container.owner}/{name}")
