"""The protocols that drivers satisfy, and the one error that they raise.

The pipeline knows these and no driver. Readers change nothing outside; everything that writes is in
a protocol of its own, so that a type tells what may happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import BinaryIO, NamedTuple, Protocol

from gitops.model.address import Address
from gitops.model.image import ImageRef
from gitops.model.lease import Lease
from gitops.model.observed import (
    ContainerState,
    EngineSnapshot,
    GatewayState,
    ProbeAnswer,
)
from gitops.model.outcomes import Observation
from gitops.model.resources import BuildTask
from gitops.model.routes import Route
from gitops.model.secret import SecretRef, Secrets
from gitops.model.sources import Source
from gitops.model.wanted import WantedContainer


class ErrorKind(StrEnum):
    """What kind of failure it was; decides whether trying again can help."""

    UNREACHABLE = "unreachable"
    DENIED = "denied"
    MISSING = "missing"
    INVALID = "invalid"
    FAILED = "failed"
    TIMEOUT = "timeout"
    DISK_FULL = "disk full"
    CONFLICT = "conflict"
    CANCELLED = "cancelled"


class DriverError(Exception):
    """An outside program, service or file did not do what was asked.

    `what` names the thing and what was wanted of it, `detail` holds what it answered (already
    redacted), in as many lines as help.
    """

    def __init__(self, kind: ErrorKind, what: str, detail: str = "") -> None:
        super().__init__(kind, what, detail)
        self.kind = kind
        self.what = what
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.what}: {self.detail}" if self.detail else self.what


class Cancel(Protocol):
    """A flag that another thread may raise (`threading.Event` is one)."""

    def is_set(self) -> bool:
        """Say whether the work is to be given up."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds; return at once, with true, when the flag is raised."""
        ...


Output = Callable[[str], None]
"""Takes one line of a step's log, without its line end, already redacted."""


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


class EngineReader(Protocol):
    """Looks at an engine, in a number of calls that does not grow with what runs there."""

    def snapshot(self, project: str) -> EngineSnapshot:
        """Return all that is there; raise `DriverError` when the engine cannot be reached."""
        ...


class Engine(Protocol):
    """Changes an engine: one outside call (or one that cannot be split) a function."""

    def create_network(self, name: str, labels: Mapping[str, str]) -> None:
        """Create a bridge network."""
        ...

    def create_volume(self, name: str, labels: Mapping[str, str]) -> None:
        """Create a named volume."""
        ...

    def remove_network(self, name: str) -> None:
        """Remove a network; one that is gone already is fine."""
        ...

    def remove_volume(self, name: str) -> None:
        """Remove a volume; one that is gone already is fine."""
        ...

    def pull(self, image: ImageRef, output: Output) -> None:
        """Make sure that the engine has `image`."""
        ...

    def push(self, image: ImageRef, output: Output) -> str:
        """Push `image` under its tag; return the digest that the registry gave it."""
        ...

    def exposed_ports(self, image: ImageRef) -> tuple[int, ...]:
        """Return the TCP ports that the image's EXPOSE lines name, sorted."""
        ...

    def create_container(self, container: WantedContainer, secrets: Secrets) -> str:
        """Create it, not started; return its id. CONFLICT when the name is taken."""
        ...

    def start(self, container: str) -> None:
        """Start a container by name or id; one that runs already is fine."""
        ...

    def stop(self, container: str, timeout: float) -> None:
        """Stop it: its stop signal, `timeout` seconds, then a kill. One that is gone is fine."""
        ...

    def remove(self, container: str) -> None:
        """Remove it, running or not, with its anonymous volumes; one that is gone is fine."""
        ...

    def state(self, container: str) -> ContainerState:
        """Return how it is now; raise `DriverError` MISSING when it is gone."""
        ...

    def logs(self, container: str, tail: int) -> tuple[str, ...]:
        """Return its last lines."""
        ...

    def follow(self, container: str, tail: int) -> Iterator[str]:
        """Give its last `tail` lines, and then each line as it is written, until it ends."""
        ...

    def processes(self, container: str) -> int:
        """Return how many processes run in it."""
        ...

    def write_files(self, container: str, files: Mapping[str, bytes]) -> None:
        """Put files into a container, running or not; keys are absolute paths, folders exist."""
        ...

    def execute(self, container: str, command: Sequence[str]) -> tuple[int, str]:
        """Run a command in a running container; return (exit code, output)."""
        ...

    def signal(self, container: str, name: str) -> None:
        """Send a signal (`SIGUSR2`) to its first process."""
        ...


class LeaseKeeper(Protocol):
    """Holds the one right to change a project's things on an engine."""

    def holder(self, project: str) -> Lease | None:
        """Return who holds it now; a lease that has run out is nobody's."""
        ...

    def acquire(self, project: str, lease: Lease) -> Lease:
        """Try to take it; return who holds it afterwards (the caller compares ids)."""
        ...

    def renew(self, project: str, lease: Lease) -> None:
        """Show that the holder lives; raise CONFLICT when it is somebody else's by now."""
        ...

    def release(self, project: str, lease: Lease) -> None:
        """Give it back."""
        ...


class GatewayReader(Protocol):
    """Looks at a gateway."""

    def state(self, container: str) -> GatewayState:
        """Return what it is configured to serve, and what it serves."""
        ...


class GatewayWriter(Protocol):
    """Changes what a gateway serves, and asks apps through it."""

    def switch(self, container: str, changes: Mapping[str, Route | None]) -> str:
        """Set the route of each app (None: take it away) in one step; return the new revision.

        The new configuration is checked before use; INVALID leaves the old one serving. Returns
        when the new one is known to be the one that is served.
        """
        ...

    def restore(self, container: str, routes: Sequence[Route]) -> str:
        """Write the whole configuration anew, whatever is there; return its revision.

        In a container that does not run yet it is only written, and is read when that starts.
        """
        ...

    def draining(self, container: str) -> int:
        """Return how many processes still serve requests by a previous configuration."""
        ...

    def probe(self, container: str, upstream: Route, path: str, timeout: float) -> ProbeAnswer:
        """Ask `upstream` for `path` through the gateway, routed or not."""
        ...


class SecretReader(Protocol):
    """Reads secret values."""

    def read(self, references: Sequence[SecretRef]) -> tuple[Secrets, Mapping[SecretRef, str]]:
        """Return the values that could be read, and why the others could not."""
        ...
