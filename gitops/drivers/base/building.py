"""Sources, builders and registries: how an image comes to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, NamedTuple, Protocol

from gitops.drivers.base.errors import Cancel, Output
from gitops.model.address import Address
from gitops.model.image import ImageRef
from gitops.model.outcomes import Observation
from gitops.model.resources import BuildTask
from gitops.model.secret import Secrets
from gitops.model.sources import Source


class BuildContext(Protocol):
    """The files of a build, ready to be sent."""

    @property
    def dockerfile(self) -> str:
        """The Dockerfile's path inside the context, with forward slashes."""
        ...

    def write_to(self, stream: BinaryIO) -> None:
        """Write the context as an uncompressed tar stream (POSIX.1-2001 pax)."""
        ...


class SourceReader(Protocol):
    """Reads what build tasks build from."""

    def read(
        self, tasks: Sequence[BuildTask], secrets: Secrets
    ) -> Mapping[Address, Observation[Source]]:
        """Return the source of each task; one look per (repository, ref), whatever the tasks."""
        ...

    def context(
        self, task: BuildTask, source: Source, secrets: Secrets
    ) -> AbstractContextManager[BuildContext]:
        """Give the exact files of `source`; raise `DriverError` if they are gone or changed."""
        ...


class BuildJob(NamedTuple):
    """One build: `image` is its tag on the engine, `date` seconds since 1970 for timestamps."""

    image: ImageRef
    target: str
    args: Mapping[str, str]
    labels: Mapping[str, str]
    timeout: float
    date: int


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

    def build(self, job: BuildJob, context: BuildContext, output: Output, cancel: Cancel) -> None:
        """Build and tag `job.image`.

        Raises `DriverError`: FAILED or INVALID when the Dockerfile is at fault, DISK_FULL,
        TIMEOUT, UNREACHABLE or CANCELLED when it is not.
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
