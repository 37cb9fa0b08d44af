"""A web app as the rest of the program sees it: every default applied, every unit plain.

Durations are seconds, sizes bytes, CPU shares cores. What a revision keeps, and what moves when
slots are swapped, is a `Runtime`; what stays with the place that serves it is around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.metadata import Metadata
from gitops.model.secret import SecretRef


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
    """Storage in a container: a named volume of the project, or a folder of the machine.

    `shared` says that two containers may write it at the same time.
    """

    mount: str
    volume: str = ""
    path: str = ""
    read_only: bool = False
    shared: bool = False


class File(NamedTuple):
    """A file in the container, mounted read-only; `mode` is its permission bits."""

    path: str
    content: str
    mode: int = 0o444


class Tmpfs(NamedTuple):
    """A folder in memory; `size` 0 leaves the limit to the engine."""

    mount: str
    size: int = 0


class Resources(NamedTuple):
    """Limits; 0 is none."""

    cpus: float = 0.0
    memory: int = 0


class Health(NamedTuple):
    """When a container counts as well: for a new one the gate, and later for as long as it runs.

    At most one of `path`, `command` and `tcp` is set: `path` is asked through the gateway and has
    to answer with a status in `statuses`, `command` runs in the container and has to end with 0,
    `tcp` connects to the port. With none of them it is the HEALTHCHECK of the image; without one
    as well the container has to run, and the port, if there is one, to take connections.
    A new one has to be well for `stable_for`, within `deadline`; one that fails `failures` times
    in a row, `interval` apart, gets no requests until it is well again.
    """

    path: str
    statuses: tuple[tuple[int, int], ...]
    interval: float
    timeout: float
    deadline: float
    stable_for: float
    failures: int = 3
    command: tuple[str, ...] = ()
    tcp: bool = False


class Confinement(NamedTuple):
    """What a container's processes may do; the defaults are the engine's own, and less."""

    user: str = ""
    read_only: bool = False
    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    init: bool = False
    stop_signal: str = ""
    tmpfs: tuple[Tmpfs, ...] = ()
    extra_hosts: tuple[tuple[str, str], ...] = ()
    """Names and addresses for the container's hosts file."""


class Sidecar(NamedTuple):
    """A helper of each replica: it shares the app's network, starts before and stops after it."""

    name: str
    image: RepositoryImage | NamedImage
    command: tuple[str, ...]
    env: Mapping[str, str | SecretRef]
    volumes: tuple[Mount, ...]
    resources: Resources


class Hook(NamedTuple):
    """A command in a container of the new image; `timeout` is seconds."""

    command: tuple[str, ...]
    timeout: float


class Hooks(NamedTuple):
    """What runs before a new image gets requests, and after it has them all."""

    pre_deploy: tuple[Hook, ...] = ()
    post_deploy: tuple[Hook, ...] = ()


class Runtime(NamedTuple):
    """All that one container is made of, less its image.

    `port` 0 is the one port that the image exposes. `env` wins over `env_files`, whose texts are
    secrets and hold `NAME=value` lines.
    """

    command: tuple[str, ...]
    port: int
    env: Mapping[str, str | SecretRef]
    volumes: tuple[Mount, ...]
    resources: Resources
    health: Health
    env_files: tuple[SecretRef, ...] = ()
    files: tuple[File, ...] = ()
    confinement: Confinement = Confinement()
    labels: tuple[tuple[str, str], ...] = ()
    sidecars: tuple[Sidecar, ...] = ()
    hooks: Hooks = Hooks()
    networks: tuple[str, ...] = ()
    """Networks of the engine that it joins beside the project's own."""


class Deploy(NamedTuple):
    """How containers are replaced.

    `order` is `startFirst`, `stopFirst`, or empty (decided by need). `parallelism` replicas are
    replaced at a time, never leaving less than all but `max_unavailable` ready. `keep` revisions
    are remembered. `on_failure` is `rollback` or `pause`.
    """

    order: str
    drain: float
    stop: float
    parallelism: int = 1
    max_unavailable: int = 0
    keep: int = 5
    on_failure: str = "rollback"


class Autoscale(NamedTuple):
    """Replicas follow the CPU use: `cpu` percent of what one replica may use, on average."""

    min: int
    max: int
    cpu: float


class Slot(NamedTuple):
    """A full instance of the app beside production, under host names of its own.

    `image` none is the app's. `env` is put over the app's. `auto_swap` promotes what became
    healthy there.
    """

    name: str
    image: RepositoryImage | NamedImage | None
    env: Mapping[str, str | SecretRef]
    hosts: tuple[str, ...]
    replicas: int
    auto_swap: bool


class Window(NamedTuple):
    """When changes may be made (`allow`) or may not: from each time of `cron` on, for `duration`
    seconds. `cron` is five fields in the time zone of that IANA name.
    """

    allow: bool
    cron: str
    duration: float
    time_zone: str


class Tls(NamedTuple):
    """HTTPS: by our own certificate (`cert` and `key`), or by one that is got for the hosts."""

    cert: SecretRef | None = None
    key: SecretRef | None = None
    redirect: bool = True

    @property
    def auto(self) -> bool:
        """Say whether the certificate is got by us."""
        return self.cert is None


class Front(NamedTuple):
    """What the gateway does for an app before and after a request reaches it. 0 is no limit.

    `prefixes` are the paths that belong to the app, longest first. `users` may log in (HTTP Basic),
    `allow` are the networks that may ask at all; none is everyone. `maintenance` is the page (HTML)
    that is given, with status 503, in the app's place.
    """

    prefixes: tuple[str, ...] = ("/",)
    strip_prefix: bool = False
    affinity: bool = False
    tls: Tls | None = None
    body_limit: int = 0
    timeout: float = 60.0
    compression: bool = False
    maintenance: str = ""
    users: tuple[tuple[str, SecretRef], ...] = ()
    allow: tuple[str, ...] = ()


class WebApp(NamedTuple):
    """An image, running and reachable; one that listens on no port is a worker without a route.

    `sticky` names the environment variables that stay where they are when slots are swapped,
    `traffic` the percent of requests that each slot gets, `active_slot` the slot whose content
    serves in production's place (empty: production's own).
    """

    address: Address
    metadata: Metadata
    image: RepositoryImage | NamedImage
    runtime: Runtime
    hosts: tuple[str, ...]
    deploy: Deploy
    depends_on: tuple[Address, ...]
    target: Address
    front: Front = Front()
    replicas: int = 1
    autoscale: Autoscale | None = None
    slots: tuple[Slot, ...] = ()
    sticky: frozenset[str] = frozenset()
    traffic: tuple[tuple[str, float], ...] = ()
    active_slot: str = ""
    windows: tuple[Window, ...] = ()
    slot: str = ""
    """The name of the slot, where this stands for one (`plan.content.places`)."""
