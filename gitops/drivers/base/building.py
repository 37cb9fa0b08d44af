"""Sources, builders and registries: how an image comes to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol

from gitops.drivers.base.errors import Cancel, Output

if TYPE_CHECKING:  # for annotations alone: a run of a task would wait for them
    from gitops.model.address import Address
    from gitops.model.image import ImageRef
    from gitops.model.outcomes import Observation
    from gitops.model.resources import BuildTask
    from gitops.model.secret import Secret, Secrets
    from gitops.model.sources import Source


HIDDEN_DOCKERFILE = ".gitops.dockerfile"
"""What a Dockerfile is called in a context that it is no part of: one that lies elsewhere, or that
`.dockerignore` leaves out. No COPY of the build may find it."""


class BuildContext(Protocol):
    """The files of a build, ready to be sent."""

    @property
    def dockerfile(self) -> str:
        """The Dockerfile's path in the tar, with forward slashes; see `HIDDEN_DOCKERFILE`."""
        ...

    def write_to(self, stream: BinaryIO) -> None:
        """Write the context as an uncompressed tar stream (POSIX.1-2001 pax)."""
        ...


class ReadContext(BuildContext, Protocol):
    """A context whose Dockerfile was read."""

    @property
    def text(self) -> str:
        """The Dockerfile's text."""
        ...

    def rewritten(self, text: str) -> BuildContext:
        """Return the context with another text in the Dockerfile's place."""
        ...


class SourceReader(Protocol):
    """Reads what build tasks build from."""

    def read(
        self, tasks: Sequence[BuildTask], secrets: Secrets
    ) -> Mapping[Address, Observation[Source]]:
        """Return the source of each task; one look per (repository, ref), whatever the tasks."""
        ...

    def context(
        self, task: BuildTask, source: Source, secrets: Secrets, *, recipe: str = ""
    ) -> AbstractContextManager[BuildContext]:
        """Give the exact files of `source`; raise `DriverError` if they are gone or changed.

        `recipe` takes the place of the Dockerfile's text, if it is not empty.
        """
        ...


class CacheUse(NamedTuple):
    """Layers kept in a registry: looked for in `sources`, and written to `to` where that can be.

    `mode` `max` keeps those of all stages, `min` those of the image itself.
    """

    sources: tuple[str, ...] = ()
    to: str = ""
    mode: str = "max"


class BuildJob(NamedTuple):
    """One build: `image` is its tag on the engine, `date` seconds since 1970 for timestamps.

    `secrets` are the values of `--secret` by id, `ssh` what `--ssh` takes (`default`, `id=path`).
    With several `platforms` nothing is left on the engine: the index goes to the registry.
    """

    image: ImageRef
    target: str
    args: Mapping[str, str]
    labels: Mapping[str, str]
    timeout: float
    date: int
    tags: tuple[str, ...] = ()
    """Names that the image gets beside `image`."""
    no_cache: bool = False
    pull: bool = False
    network: str = ""
    hosts: tuple[str, ...] = ()
    secrets: Mapping[str, Secret] = MappingProxyType({})
    ssh: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    cache: CacheUse = CacheUse()
    memory: int = 0
    shm_size: int = 0
    cpus: float = 0.0
    apart: str = ""
    """Under which name its cache mounts are kept apart from those of other builds, if they are:
    what one build leaves in a shared one, another takes for its own."""
    mark: str = ""
    """The run that it is of: every program that is started for it carries this in its environment,
    so that another process can find and end it."""


class Ability(StrEnum):
    """What not every builder can do."""

    SECRETS = "secrets"
    SSH = "ssh"
    FOREIGN = "foreign"
    """One platform that is not the engine's own."""
    PLATFORMS = "platforms"
    """Several platforms in one index, and layers exported straight to a registry."""
    LIMITS = "limits"
    """Memory and CPU limits of the steps."""
    NETWORKS = "networks"
    """Steps on any network of the engine."""


class Builder(Protocol):
    """Turns a context into an image on the engine."""

    @property
    def name(self) -> str:
        """What builds, for people: `BuildKit (docker buildx 0.13)`."""
        ...

    @property
    def warning(self) -> str:
        """What is lost with this builder, or an empty string."""
        ...

    @property
    def abilities(self) -> frozenset[Ability]:
        """What it can do beyond what all can."""
        ...

    def build(self, job: BuildJob, context: BuildContext, output: Output, cancel: Cancel) -> None:
        """Build and tag `job.image`; read and write the cache that the job names.

        What the builder cannot honour is INVALID before anything is built; limits that it passes
        over, and a cache that could not be read or written, are lines of `output` that begin with
        `warning:`. The builder itself pushes the cache; with several platforms it pushes the index
        under all names. Raises `DriverError`: FAILED or INVALID when the Dockerfile is at fault,
        DISK_FULL, TIMEOUT, UNREACHABLE or CANCELLED when it is not.
        """
        ...


class BaseFollower(Protocol):
    """Knows to which digest the images that others build on point now."""

    def look(self, images: Iterable[str], own: frozenset[str]) -> Mapping[str, Observation[str]]:
        """Return the digest of each image's tag; one HEAD each, and for hosts that are not in `own`
        no more often than is polite. An image that cannot be asked for has the digest seen last.
        """
        ...


class RegistryClient(Protocol):
    """Tags and manifests of registries, by the distribution specification (HTTP API v2)."""

    def digest(self, image: ImageRef) -> Observation[str]:
        """Return the digest that `image.tag` points to now."""
        ...

    def digests(self, images: Iterable[ImageRef]) -> Mapping[str, Observation[str]]:
        """Return the digest of each tag, by `repository:tag`; many are asked at once."""
        ...

    def ping(self, host: str) -> Observation[str]:
        """Ask a registry whether it is there; what it answers is its API version."""
        ...

    def retag(self, image: ImageRef, tag: str) -> None:
        """Make `tag` of the same repository point to the manifest of `image`."""
        ...


class Attester(Protocol):
    """Writes documents beside an image in its registry; `image` has a digest. Twice is once."""

    def provenance(self, image: ImageRef, statement: bytes) -> None:
        """Attach an in-toto statement; `DriverError` when that cannot be done."""
        ...

    def sbom(self, image: ImageRef, date: float) -> None:
        """Attach the list of the packages in the image, which the engine gets if it has it not.

        `date` is seconds since 1970. Raises `DriverError` when that cannot be done.
        """
        ...
