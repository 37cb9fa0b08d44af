"""The five kinds as the rest of the program sees them: every default applied, every unit plain.

Durations are seconds (float), sizes bytes (int), CPU shares cores (float). Paths are absolute.
References to other resources are addresses that exist in the same bundle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.secret import SecretRef


class Suspend(NamedTuple):
    """A resource that is left as it is: not built, not deployed, not pruned."""

    reason: str = ""
    by: str = ""
    until: float = 0.0
    """Seconds since 1970 when the suspension ends by itself; 0 is never."""


class Metadata(NamedTuple):
    """What every document carries beside its spec."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    suspend: Suspend | None = None


class Credentials(NamedTuple):
    """A user name and a password that is read from elsewhere."""

    username: str
    password: SecretRef


class VolumeStorage(NamedTuple):
    """A named volume of the engine."""

    volume: str


class PathStorage(NamedTuple):
    """A folder of the engine's machine."""

    path: str


class ManagedRegistry(NamedTuple):
    """A registry that runs as our container on the target."""

    image: str
    storage: VolumeStorage | PathStorage


class Registry(NamedTuple):
    """Where images live. `server` is the `host[:port]` in image names."""

    address: Address
    metadata: Metadata
    server: str
    managed: ManagedRegistry | None
    credentials: Credentials | None


class Repository(NamedTuple):
    """One name in a registry."""

    address: Address
    metadata: Metadata
    registry: Address
    path: str


class GitRef(NamedTuple):
    """Which commit is followed: at most one is set; none means the remote's default branch."""

    branch: str = ""
    tag: str = ""
    semver: str = ""
    commit: str = ""

    def __str__(self) -> str:
        kind, value = next(
            ((kind, value) for kind, value in self._asdict().items() if value),
            ("default branch", ""),
        )
        return f"{kind} {value}".strip()


class SshKey(NamedTuple):
    """A private key for ssh, and the host keys that are trusted (none: the user's own file)."""

    key: SecretRef
    known_hosts: str = ""


class PathSource(NamedTuple):
    """A folder."""

    path: str


class GitSource(NamedTuple):
    """A folder of a commit of a git repository."""

    url: str
    ref: GitRef
    path: str
    submodules: bool
    credentials: Credentials | SshKey | None


class BuildTask(NamedTuple):
    """Source in, image out.

    `args` and `tags` may hold the placeholders `{{ commit }}`, `{{ short_commit }}`,
    `{{ branch }}`, `{{ tag }}` and `{{ date }}`, filled in once the source is known.
    """

    address: Address
    metadata: Metadata
    repository: Address
    source: PathSource | GitSource
    dockerfile: str
    target: str
    args: Mapping[str, str]
    labels: Mapping[str, str]
    tags: tuple[str, ...]
    latest: bool
    interval: float
    timeout: float


class RepositoryImage(NamedTuple):
    """An image of a repository of ours, by tag."""

    repository: Address
    tag: str


class NamedImage(NamedTuple):
    """An image by its full name, with a tag or a digest."""

    name: str
    tag: str
    digest: str


class Mount(NamedTuple):
    """Storage in a container: a named volume of the project, or a folder of the machine."""

    mount: str
    volume: str = ""
    path: str = ""
    read_only: bool = False


class Resources(NamedTuple):
    """Limits; 0 is none."""

    cpus: float = 0.0
    memory: int = 0


class Health(NamedTuple):
    """When a new container counts as ready.

    With a port, `path` is asked through the gateway until it has answered with a status in
    `statuses` for `stable_for` seconds. Without one, it has to run that long without a restart.
    """

    path: str
    statuses: tuple[tuple[int, int], ...]
    interval: float
    timeout: float
    deadline: float
    stable_for: float


class Deploy(NamedTuple):
    """How a container is replaced: `startFirst`, `stopFirst`, or empty (decided by need)."""

    order: str
    drain: float
    stop: float


class WebApp(NamedTuple):
    """An image, running and reachable; one that listens on no port is a worker without a route."""

    address: Address
    metadata: Metadata
    image: RepositoryImage | NamedImage
    command: tuple[str, ...]
    port: int
    """0: the one port that the image exposes."""
    hosts: tuple[str, ...]
    env: Mapping[str, str | SecretRef]
    volumes: tuple[Mount, ...]
    resources: Resources
    health: Health
    deploy: Deploy
    depends_on: tuple[Address, ...]
    target: Address


class Gateway(NamedTuple):
    """The reverse proxy of a target: one port, one host name an app."""

    http: int
    image: str
    bind: str


class Target(NamedTuple):
    """Where things run; an empty `engine` is the one of DOCKER_HOST, or the default socket."""

    address: Address
    metadata: Metadata
    engine: str
    gateway: Gateway


Resource = Target | Registry | Repository | BuildTask | WebApp
