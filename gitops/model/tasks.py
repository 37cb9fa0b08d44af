"""A multi-step task, ready to be carried out: templates rendered, words split, defaults applied.

The format is Azure Container Registry's (`acr-task.yaml`):
https://learn.microsoft.com/azure/container-registry/container-registry-tasks-reference-yaml
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from gitops.model.secret import Secret

WORKSPACE = "/workspace"
"""Where every step finds the context, and what earlier steps left there."""

HOME = "/acb/home"
"""The home folder of every step, shared by the steps of a run."""


class RunFacts(NamedTuple):
    """What a task file may ask of its run (`{{.Run.ID}}`); a field that is not known is empty.

    `date` is the UTC start as `20260131-235959z`; `registry` the login server, `registry_name` the
    name of its resource.
    """

    id: str
    registry: str = ""
    registry_name: str = ""
    date: str = ""
    os: str = "linux"
    architecture: str = "amd64"
    commit: str = ""
    branch: str = ""
    git_tag: str = ""
    repository: str = ""
    task_name: str = ""
    triggered_by: str = ""
    shared_volume: str = ""
    os_version: str = ""


class SecretNeed(NamedTuple):
    """A secret that a task file declares. `keyvault` is the URL it was written for, if any."""

    id: str
    keyvault: str
    client_id: str
    line: int


class BuildSecret(NamedTuple):
    """`--secret id=ID[,env=NAME|,src=PATH]` of a build; a path is below the working directory.

    With neither, the value is the one given for the run under that id.
    """

    id: str
    env: str = ""
    path: str = ""


class BuildLine(NamedTuple):
    """A `build` step: what a line of `docker build` options says.

    `context` is a folder below the working directory, or the URL of a git repository or tarball;
    `file` is below the working directory as well (empty: the context's Dockerfile). An arg without
    a value takes it from the step's environment. Sizes are bytes.
    """

    context: str
    file: str = ""
    tags: tuple[str, ...] = ()
    args: tuple[tuple[str, str | None], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    target: str = ""
    platforms: tuple[str, ...] = ()
    no_cache: bool = False
    pull: bool = False
    network: str = ""
    hosts: tuple[str, ...] = ()
    secrets: tuple[BuildSecret, ...] = ()
    ssh: tuple[str, ...] = ()
    cache_from: tuple[str, ...] = ()
    memory: int = 0
    shm_size: int = 0
    cache_to: str = ""
    """The image that layers are written to (`--cache-to type=registry,ref=`), empty for none."""
    cache_mode: str = "min"
    """`max` keeps the layers of all stages."""


class Ulimit(NamedTuple):
    """A limit of resources of each process of a container (getrlimit(2)); -1 is none."""

    name: str
    soft: int
    hard: int


class HostOptions(NamedTuple):
    """What few lines of `docker run` say of their container's place on the engine's machine.

    Sizes are bytes, CPU times microseconds; what is 0 or empty is left to the engine. A
    `memory_swap` of -1 is no limit.
    """

    ulimits: tuple[Ulimit, ...] = ()
    groups: tuple[str, ...] = ()
    security: tuple[str, ...] = ()
    sysctls: tuple[tuple[str, str], ...] = ()
    dns_search: tuple[str, ...] = ()
    dns_options: tuple[str, ...] = ()
    memory_swap: int = 0
    memory_reservation: int = 0
    pids: int = 0
    cpu_shares: int = 0
    cpu_period: int = 0
    cpu_quota: int = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    oom_score: int = 0
    platform: str = ""
    """`os/arch[/variant]`, of the image; empty is the engine's own."""


class RunLine(NamedTuple):
    """A `cmd` step: an image, its arguments, and what options of `docker run` stand before it.

    `volumes` are `name-or-path:path[:ro]`, as written. Sizes are bytes, `cpus` cores.
    """

    image: str
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str | None], ...] = ()
    volumes: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    entrypoint: str | None = None
    user: str = ""
    working_directory: str = ""
    network: str = ""
    hostname: str = ""
    detach: bool = False
    privileged: bool = False
    read_only: bool = False
    init: bool = False
    pull: bool = False
    hosts: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    capabilities: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    tmpfs: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    memory: int = 0
    shm_size: int = 0
    cpus: float = 0.0
    aliases: tuple[str, ...] = ()
    """More names that the container is reached by (`--name`, `--network-alias`)."""
    host: HostOptions = HostOptions()
    no_pull: bool = False
    """Whether the image has to be on the engine (`--pull never`)."""


class VolumeMount(NamedTuple):
    """A volume of the task at a path in a step's container."""

    name: str
    path: str


class TaskStep(NamedTuple):
    """One step. `work` is what it does: a push is the tuple of its images.

    `after` are the ids that have to end well before it. `env` holds the task's and its own. Times
    are seconds. `line` is where it stands in the file.
    """

    id: str
    line: int
    work: BuildLine | RunLine | tuple[str, ...]
    after: tuple[str, ...] = ()
    env: Mapping[str, str] = MappingProxyType({})
    entrypoint: str = ""
    user: str = ""
    working_directory: str = WORKSPACE
    """Empty leaves the image's own (`disableWorkingDirectoryOverride`)."""
    network: str = ""
    ports: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    mounts: tuple[VolumeMount, ...] = ()
    detach: bool = False
    keep: bool = False
    privileged: bool = False
    pull: bool = False
    ignore_errors: bool = False
    cache: bool | None = None
    """`cache: enabled` or `disabled`; none is what the builder does by itself."""
    cpus: float = 0.0
    start_delay: float = 0.0
    timeout: float = 600.0
    retries: int = 0
    retry_delay: float = 0.0
    retry_on: tuple[str, ...] = ()
    """Texts of which one has to stand in the output for a failure to be tried again; none: any."""
    repeat: int = 0
    download_retries: int = 0
    download_retry_delay: float = 0.0

    @property
    def kind(self) -> str:
        """`build`, `push` or `cmd`."""
        if isinstance(self.work, BuildLine):
            return "build"
        return "cmd" if isinstance(self.work, RunLine) else "push"


class TaskNetwork(NamedTuple):
    """A network of the task; one with `skip_creation` exists already, and is left there."""

    name: str
    driver: str = "bridge"
    ipv6: bool = False
    skip_creation: bool = False
    default: bool = False


class TaskVolume(NamedTuple):
    """A volume of the task, filled with files (name to content) before the first step."""

    name: str
    files: Mapping[str, Secret] = MappingProxyType({})
    """Decoded contents; each byte is one character (latin-1)."""


class Task(NamedTuple):
    """A whole task; steps in the order of the file, ids unique, `after` without a cycle."""

    steps: tuple[TaskStep, ...]
    version: str = "v1.0.0"
    networks: tuple[TaskNetwork, ...] = ()
    volumes: tuple[TaskVolume, ...] = ()
    secrets: tuple[SecretNeed, ...] = ()
