"""The five kinds as the rest of the program sees them: every default applied, every unit plain.

Durations are seconds (float), sizes bytes (int), CPU shares cores (float). Paths are absolute.
References to other resources are addresses that exist in the same bundle.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.metadata import Metadata
from gitops.model.secret import SecretRef
from gitops.model.webapp import Resources, WebApp


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


class PullRequests(NamedTuple):
    """Whether pull requests are built: those of the `limit` highest numbers that the remote lists.

    Some hosts keep the refs of closed ones: nothing tells them apart.
    """

    enabled: bool = False
    limit: int = 20


class Schedule(NamedTuple):
    """A time at which a task runs again: five fields of cron, in an IANA time zone."""

    name: str
    cron: str
    time_zone: str = "UTC"
    enabled: bool = True


class Triggers(NamedTuple):
    """What makes a task run again.

    Without `commit`, new commits wait for another trigger. `paths` and `ignore` are globs over the
    source: a commit that touches nothing that is followed makes no new image. `tags` is a glob or
    a semver range. `base_image` follows the images that the Dockerfile builds on.
    """

    commit: bool = True
    paths: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    tags: str = ""
    pulls: PullRequests = PullRequests()
    base_image: bool = True
    schedules: tuple[Schedule, ...] = ()
    after: tuple[Address, ...] = ()


class Concurrency(StrEnum):
    """What becomes of a run when something newer is wanted."""

    COALESCE = "coalesce"
    """It is called off, and what came meanwhile is one run."""
    QUEUE = "queue"
    """It ends, and then the newest runs."""
    CANCEL = "cancel"
    """It is called off at once, even while it pushes."""


class Steps(NamedTuple):
    """A multi-step task in the place of a Dockerfile: `file` in the source, or its `text` itself.

    `values` are `.Values` of its templates; a number that would be printed in another way than it
    was written is text.
    """

    text: str
    file: str
    values: Mapping[str, str | bool | int | float] = MappingProxyType({})
    docker_socket: bool = False


class Keep(NamedTuple):
    """How many runs of a task are remembered, of each ending, and for how long (seconds)."""

    succeeded: int = 10
    failed: int = 10
    age: float = 30 * 86400.0


class Attest(NamedTuple):
    """What is attached to an image beside it: where it comes from, and what is in it."""

    provenance: bool = False
    sbom: bool = False


class BuildTask(NamedTuple):
    """Source in, image out.

    With `steps`, those make the images; the one that they push to `repository` is the task's.
    Without a repository, which only a task with steps can be, no image is the task's.
    `disk` is how many bytes the steps of a run may take on the engine together (0: no limit).
    `secrets` are what builds mount, and `.Secrets` of steps, by id. `cache` is `off`, `min` or
    `max`. `args` and `tags` may hold the placeholders `{{ commit }}`, `{{ short_commit }}`,
    `{{ branch }}`, `{{ tag }}` and `{{ date }}`, filled in once the source is known.
    """

    address: Address
    metadata: Metadata
    repository: Address | None
    source: PathSource | GitSource
    dockerfile: str
    target: str
    args: Mapping[str, str]
    labels: Mapping[str, str]
    tags: tuple[str, ...]
    latest: bool
    interval: float
    timeout: float
    steps: Steps | None = None
    secrets: Mapping[str, SecretRef] = MappingProxyType({})
    ssh: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    cache: str = "max"
    resources: Resources = Resources()
    disk: int = 0
    triggers: Triggers = Triggers()
    concurrency: Concurrency = Concurrency.COALESCE
    keep: Keep = Keep()
    attest: Attest = Attest()

    @property
    def recipe(self) -> str:
        """The file in the source that says what is done; empty when the spec itself does."""
        return self.dockerfile if self.steps is None else self.steps.file


class Acme(NamedTuple):
    """Where certificates for public names come from: the URL of an ACME directory (RFC 8555), the
    address for the authority's mail, and the file of the authority's own root, if it has one.
    """

    directory: str
    email: str = ""
    root: SecretRef | None = None


LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
"""The directory of the authority for public names where the target names no other."""


class Gateway(NamedTuple):
    """The reverse proxy of a target: one port, one host name an app.

    `https` 0 is no port of its own until an app asks for TLS, which is then 8443.
    """

    http: int
    image: str
    bind: str
    https: int = 0
    acme: Acme | None = None


class Target(NamedTuple):
    """Where things run; an empty `engine` is the one of DOCKER_HOST, or the default socket."""

    address: Address
    metadata: Metadata
    engine: str
    gateway: Gateway


Resource = Target | Registry | Repository | BuildTask | WebApp
