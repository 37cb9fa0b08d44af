"""What should be there, worked out from the specs and the sources: names, not actions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.image import ImageRef
from gitops.model.revisions import Content, Hold
from gitops.model.routes import Rules
from gitops.model.secret import SecretRef
from gitops.model.task_inputs import BuildInputs
from gitops.model.webapp import Confinement, Deploy, File, Health, Mount, Resources, WebApp


class PublishedPort(NamedTuple):
    """A port of the engine's machine that leads to a container's."""

    bind: str
    host: int
    container: int


class EngineCheck(NamedTuple):
    """A command that the engine runs in a container to see whether it is well. Times are seconds;
    failures in the first `grace` seconds do not count.
    """

    command: tuple[str, ...]
    interval: float
    timeout: float
    failures: int
    grace: float


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
    env_files: tuple[SecretRef, ...] = ()
    """Secrets whose text holds `NAME=value` lines; `env` wins over them."""
    files: tuple[File, ...] = ()
    confinement: Confinement = Confinement()
    check: EngineCheck | None = None
    """None keeps the image's own HEALTHCHECK."""
    joins: str = ""
    """The container whose network it shares, in place of one of its own."""
    address: str = ""
    """Its IPv4 address in `network`, for life; empty leaves it to the engine."""
    networks: tuple[str, ...] = ()
    """Networks that it joins beside `network`."""


class WantedImage(NamedTuple):
    """An image that a build task makes. `ref` is named by its inputs, before anything is built; its
    repository is empty where the task makes no image, and only runs.

    `moving` are the tags that follow it: `latest` and those that the task names. `task` is whom
    the steps are about: the task itself, or one of its offshoots (`BuildTask/shop@pr-7`).
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
    registry: Address | None
    timeout: float
    stale: str = ""
    """Why the source could not be asked, when this is of the last commit that was seen."""
    inputs: BuildInputs = BuildInputs("", "", "")
    offshoot: str = ""
    """The pull request (`pr-7`) or tag (`v1.2`) that it is of, beside the task's own image."""
    pull: str = ""
    """The number of the pull request: its files are not to be trusted."""
    after: tuple[Address, ...] = ()
    """Tasks whose images have to be there first."""
    fresh: bool = False
    """Whether the layer cache is left aside, because a schedule asks for all of it anew."""
    steps: bool = False
    """Whether it is made by a multi-step task."""
    by_hand: str = ""
    """Who asked for it to be made now, whether it is there or not."""
    lacks: Mapping[str, str] = MappingProxyType({})
    """Why a secret of the task cannot be read, by its id: without it nothing is made."""
    keeps_layers: bool = False
    """Whether its build leaves layers in the registry, for other machines."""
    terms: str = ""
    """A hash of what may decide whether it can be made, and not what it is: limits, for example."""
    altered: bool = False
    """Whether something else was given for it by hand than the spec says: no tag follows it."""

    @property
    def attempt(self) -> str:
        """What is remembered as bad when it could not be made: these inputs under these terms."""
        return f"{self.fingerprint}+{self.terms}" if self.terms else self.fingerprint

    @property
    def pushes(self) -> bool:
        """Whether the registry has an image afterwards; without one, only a note tells of it."""
        return bool(self.ref.repository)

    @property
    def owner(self) -> Address:
        """The build task in the specs."""
        return Address(self.task.kind, self.task.name.partition("@")[0])


class WantedService(NamedTuple):
    """A container of our own that others need: a registry or a gateway. It is replaced stop-first,
    because its port and its volume can have one user only.
    """

    address: Address
    target: str
    container: WantedContainer
    volume: str


class WantedSidecar(NamedTuple):
    """A helper of each replica; its container's name, network and labels come with the replica."""

    name: str
    container: WantedContainer


class WantedApp(NamedTuple):
    """A web app, or one of its slots. `spec` is what the user wrote of this place.

    `content` is what should run here, of `line` (empty: production's own, else the slot's): an
    image of `task`, if a build task makes it, or one by name. `container` is made of it, as are
    `sidecars`. `held` says why it is not what the spec says, `lifted` that a hold ended since the
    spec changed, `scaled` why autoscaling chose this number of `replicas` (empty: it did not).
    """

    address: Address
    target: str
    image: ImageRef
    task: Address | None
    container: WantedContainer
    spec: WebApp
    content: Content
    replicas: int
    line: str = ""
    sidecars: tuple[WantedSidecar, ...] = ()
    volumes: tuple[str, ...] = ()
    held: Hold | None = None
    lifted: bool = False
    rules: Rules = Rules()
    certificate: str = ""
    """Where the certificate of its hosts comes from (`Certificate.source`); empty without TLS."""
    scaled: str = ""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names that lead to it."""
        return self.spec.hosts

    @property
    def port(self) -> int:
        """The port that its containers listen on; 0 is the one that the image exposes."""
        return self.content.runtime.port

    @property
    def health(self) -> Health:
        """When one of its containers counts as well."""
        return self.content.runtime.health

    @property
    def deploy(self) -> Deploy:
        """How its containers are replaced."""
        return self.spec.deploy

    @property
    def depends_on(self) -> tuple[Address, ...]:
        """What has to be ready before it."""
        return self.spec.depends_on

    @property
    def revision(self) -> str:
        """The commit that its image was built from, if that is known."""
        return self.content.commit


class Blocked(NamedTuple):
    """Why nothing can be said about a resource now; `fatal` when waiting cannot help."""

    reason: str
    message: str
    fatal: bool = False

    def holds_up(self, address: Address) -> Blocked:
        """Return why what needs `address`, of which nothing can be said, has to wait."""
        named = self.message.startswith(f"{address} ")
        return Blocked(
            "DependencyNotReady", self.message if named else f"{address}: {self.message}"
        )


class Wanted(NamedTuple):
    """The whole wish for one project. `blocked` are left exactly as they are.

    `gateways` and `apps` hold the suspended ones too: their routes have to be known. `apps` hold
    every slot as an app of its own, `APP-SLOT`.
    """

    project: str
    addresses: frozenset[Address]
    images: tuple[WantedImage, ...]
    registries: tuple[WantedService, ...]
    gateways: tuple[WantedService, ...]
    apps: tuple[WantedApp, ...]
    blocked: Mapping[Address, Blocked]
    suspended: frozenset[Address]
    warnings: tuple[str, ...] = ()
    """What could not be looked at, and stands in nobody's way."""
