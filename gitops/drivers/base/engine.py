"""Engines: looking at one, changing it, holding the right to, and what it remembers for us."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gitops.drivers.base.errors import Cancel, Output

if TYPE_CHECKING:  # for annotations alone: a run of a task would wait for them
    from gitops.model.image import ImageRef
    from gitops.model.lease import Lease
    from gitops.model.notes import Note
    from gitops.model.observed import ContainerState, EngineSnapshot
    from gitops.model.secret import Secrets
    from gitops.model.wanted import WantedContainer


class Usage(NamedTuple):
    """What a container uses: cores over the last second, memory in bytes; `limit` 0 is none."""

    cpus: float
    memory: int
    limit: int


class EngineReader(Protocol):
    """Looks at an engine, in a number of calls that does not grow with what runs there."""

    def snapshot(self, project: str) -> EngineSnapshot:
        """Return all that is there; raise `DriverError` when the engine cannot be reached."""
        ...


class Engine(Protocol):
    """Changes an engine: one outside call (or one that cannot be split) a function."""

    def create_network(
        self, name: str, labels: Mapping[str, str], *, addressed: bool = True
    ) -> None:
        """Create a bridge network; `addressed` has a subnet of its own, of which `subnet` tells.

        The engine gives no address of its lower three quarters by itself: they are for
        `WantedContainer.address`.
        """
        ...

    def subnet(self, network: str) -> str:
        """Return the part of a network's subnet that is for addresses of ours: `10.0.0.0/17`.

        Raises INVALID for a network that was made without one.
        """
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

    def write_volume(self, volume: str, image: ImageRef, files: Mapping[str, bytes]) -> None:
        """Put files into a volume, made if it is not there; keys are paths in it.

        `image` is any image that the engine has: a container of it, never started, lends its hand.
        """
        ...

    def read_volume(self, volume: str, image: ImageRef, path: str) -> bytes | None:
        """Return a file of a volume; none when there is no such file or volume."""
        ...

    def run_once(
        self,
        container: WantedContainer,
        secrets: Secrets,
        desk: tuple[Output, Cancel],
        timeout: float,
    ) -> int:
        """Create, start, follow and remove a container; return its exit code.

        `desk` takes its lines and may call it off. Raises TIMEOUT after `timeout` seconds,
        CANCELLED, or what `create_container` raises; nothing is left in any case.
        """
        ...

    def restart(self, container: str, timeout: float) -> None:
        """Stop it as `stop` does, and start it."""
        ...

    def usage(self, containers: Sequence[str]) -> Mapping[str, Usage]:
        """Return what each container that runs uses now; those that do not run are left out."""
        ...

    def logs(self, container: str, tail: int) -> tuple[str, ...]:
        """Return its last lines."""
        ...

    def follow(self, container: str, tail: int, since: float = 0.0) -> Iterator[str]:
        """Give its last `tail` lines, and then each line as it is written, until it ends.

        Lines from before `since` (seconds since 1970) are left out.
        """
        ...

    def journal(
        self, container: str, since: float = 0.0, tail: int | None = None, *, follow: bool = False
    ) -> Iterator[tuple[str, str]]:
        """Give (time, line) of its last `tail` lines, or of all; with `follow` go on until it ends.

        The order of times is that of their texts. Lines from before `since` (seconds since 1970)
        are left out.
        """
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


class EngineEvent(NamedTuple):
    """Something that happened to a container of a project: `die`, `oom`, `start`, `destroy`, or
    `health_status: unhealthy`; `time` is seconds since 1970 by the engine's clock.
    """

    container: str
    kind: str
    time: float


class EngineWatcher(Protocol):
    """Tells what happens on an engine while it happens."""

    def events(self, project: str, cancel: Cancel) -> Iterator[EngineEvent]:
        """Give the events of a project's containers until `cancel` is raised.

        Ends as well when the engine goes away; the caller looks for itself, and asks again.
        """
        ...


class NoteKeeper(Protocol):
    """Keeps notes with an engine's objects; `EngineReader.snapshot` reads them."""

    def write(self, project: str, note: Note) -> None:
        """Keep a note in the place of all of its topic and name with lower versions.

        The old ones go only when the new one is there.
        """
        ...

    def erase(self, project: str, topic: str, name: str) -> None:
        """Forget all versions of a note; none there is fine."""
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
