"""What should be there, worked out from the specs and the sources: names, not actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.image import ImageRef
from gitops.model.resources import Deploy, Health, Mount, Resources
from gitops.model.secret import SecretRef


class PublishedPort(NamedTuple):
    """A port of the engine's machine that leads to a container's."""

    bind: str
    host: int
    container: int


class WantedContainer(NamedTuple):
    """All that a container is created from. `config` is the hash of all that must cause a new one.

    An empty `entrypoint` or `command` keeps the image's own. `image` is pinned once its digest is
    known. `labels` hold the owner, the config hash and what the gateway has to know.
    """

    name: str
    owner: Address
    image: ImageRef
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    env: tuple[tuple[str, str | SecretRef], ...]
    ports: tuple[PublishedPort, ...]
    mounts: tuple[Mount, ...]
    labels: Mapping[str, str]
    network: str
    aliases: tuple[str, ...]
    resources: Resources
    config: str


class WantedImage(NamedTuple):
    """An image that a build task makes. `ref` is named by its inputs, before anything is built.

    `moving` are the tags that follow it: `latest` and those that the task names.
    """

    task: Address
    ref: ImageRef
    moving: tuple[str, ...]
    fingerprint: str
    commit: str
    target: str
    args: Mapping[str, str]
    labels: Mapping[str, str]
    date: int
    registry: Address
    timeout: float
    stale: str = ""
    """Why the source could not be asked, when this is of the last commit that was seen."""


class WantedService(NamedTuple):
    """A container of our own that others need: a registry or a gateway. It is replaced stop-first,
    because its port and its volume can have one user only.
    """

    address: Address
    target: str
    container: WantedContainer
    volume: str


class WantedApp(NamedTuple):
    """A web app. `image` is what it should run: a task's fingerprint reference, or a name.

    `task` is the build task that makes that image, if one does. `port` is 0 where the image says.
    """

    address: Address
    target: str
    image: ImageRef
    task: Address | None
    container: WantedContainer
    hosts: tuple[str, ...]
    port: int
    health: Health
    deploy: Deploy
    depends_on: tuple[Address, ...]
    volumes: tuple[str, ...]
    revision: str


class Blocked(NamedTuple):
    """Why nothing can be said about a resource now; `fatal` when waiting cannot help."""

    reason: str
    message: str
    fatal: bool = False


class Wanted(NamedTuple):
    """The whole wish for one project. `blocked` are left exactly as they are.

    `gateways` and `apps` hold the suspended ones too: their routes have to be known.
    """

    project: str
    addresses: frozenset[Address]
    images: tuple[WantedImage, ...]
    registries: tuple[WantedService, ...]
    gateways: tuple[WantedService, ...]
    apps: tuple[WantedApp, ...]
    networks: Mapping[str, str]
    """The project's network on each target."""
    blocked: Mapping[Address, Blocked]
    suspended: frozenset[Address]
