"""Changes a Docker engine through the SDK's low-level client. Safe to use from several threads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from threading import Lock

from gitops.drivers.base import Cancel, Output, Usage
from gitops.drivers.engine import (
    containers,
    images,
    logs,
    networks,
    state,
    usage,
    volumes,
)
from gitops.drivers.engine.run import run_to_end
from gitops.drivers.engine.sdk_client import SdkClient
from gitops.drivers.engine.volumes import Entry
from gitops.model.image import ImageRef
from gitops.model.observed import ContainerState
from gitops.model.secret import Secrets
from gitops.model.wanted import WantedContainer


class DockerEngine:
    """Satisfies `Engine`; `auths` are the credentials of registries by host."""

    def __init__(self, client: SdkClient, auths: images.Auths) -> None:
        self._client = client
        self._auths = auths
        self._filling = Lock()

    def create_network(
        self, name: str, labels: Mapping[str, str], *, addressed: bool = True
    ) -> None:
        """Create a bridge network, `addressed` with a subnet of its own; CONFLICT if it exists."""
        create = networks.create_network if addressed else networks.create_plain
        create(self._client, name, labels)

    def subnet(self, network: str) -> str:
        """Return the part of a network's subnet that is for addresses of ours, in CIDR notation.

        Its first two addresses are taken: skip these. INVALID for a network made without one.
        """
        return networks.lower_half(self._client, network)

    def create_volume(self, name: str, labels: Mapping[str, str]) -> None:
        """Create a named volume."""
        with self._client.use(f"volume {name} could not be created") as api:
            api.create_volume(name, labels=dict(labels))

    def remove_network(self, name: str) -> None:
        """Remove a network; one that is gone already is fine."""
        networks.remove_network(self._client, name)

    def remove_volume(self, name: str) -> None:
        """Remove a volume; one that is gone already is fine."""
        volumes.remove_volume(self._client, name)

    def write_volume(self, volume: str, image: ImageRef, files: Mapping[str, bytes]) -> None:
        """Put files into a volume, made if it is not there; keys are paths in it.

        `image` is any image that the engine has: a container of it, never started, lends its hand.
        """
        entries = [Entry(path, data) for path, data in files.items()]
        volumes.write_volume(self._client, volume, image, entries)

    def read_volume(self, volume: str, image: ImageRef, path: str) -> bytes | None:
        """Return a file of a volume; none when there is no such file or volume."""
        return volumes.read_volume(self._client, volume, image, path)

    def pull(self, image: ImageRef, output: Output) -> None:
        """Make sure that the engine has `image`."""
        images.pull(self._client, image, self._auths, output)

    def push(self, image: ImageRef, output: Output) -> str:
        """Push `image` under its tag; return the digest that the registry gave it."""
        return images.push(self._client, image, self._auths, output)

    def exposed_ports(self, image: ImageRef) -> tuple[int, ...]:
        """Return the TCP ports that the image's EXPOSE lines name, sorted."""
        return images.exposed_ports(self._client, image)

    def create_container(self, container: WantedContainer, secrets: Secrets) -> str:
        """Create it, not started; return its id.

        CONFLICT when the name is taken, MISSING when the engine has no such image or network. Its
        files get a volume of their own, named by what is in them, if that is not there yet.
        """
        return self._create(container, secrets, "unless-stopped")

    def start(self, container: str) -> None:
        """Start a container by name or id; one that runs already is fine."""
        containers.start(self._client, container)

    def stop(self, container: str, timeout: float) -> None:
        """Stop it: its stop signal, `timeout` seconds, then a kill. One that is gone is fine."""
        containers.stop(self._client, container, timeout)

    def restart(self, container: str, timeout: float) -> None:
        """Stop it as `stop` does, and start it; MISSING when it is gone."""
        with self._client.use(f"container {container} could not be restarted") as api:
            api.restart(container, timeout=math.ceil(timeout))

    def remove(self, container: str) -> None:
        """Remove it, running or not, with its anonymous volumes; one that is gone is fine."""
        containers.remove(self._client, container)

    def state(self, container: str) -> ContainerState:
        """Return how it is now; raise `DriverError` MISSING when it is gone."""
        return state.look(self._client, container)

    def run_once(
        self,
        container: WantedContainer,
        secrets: Secrets,
        desk: tuple[Output, Cancel],
        timeout: float,
    ) -> int:
        """Create, start, follow and remove a container; return its exit code.

        Raises CANCELLED, TIMEOUT after `timeout` seconds, or what `create_container` raises.
        """
        output, cancel = desk
        redact = containers.redactor(container, secrets)
        self._create(container, secrets, "no")
        told = (lambda line: output(redact(line)), cancel)
        return run_to_end(self._client, container.name, told, timeout)

    def usage(self, containers: Sequence[str]) -> Mapping[str, Usage]:
        """Return what each container that runs uses, measured for a second."""
        return usage.usage(self._client, containers)

    def logs(self, container: str, tail: int) -> tuple[str, ...]:
        """Return its last lines."""
        return logs.last_lines(self._client, container, tail)

    def follow(self, container: str, tail: int, since: float = 0.0) -> Iterator[str]:
        """Give its last `tail` lines, and then each line as it is written, until it ends.

        Lines from before `since` are left out. Closing the iterator ends the call.
        """
        return logs.follow(self._client, container, tail, since)

    def journal(
        self, container: str, since: float = 0.0, tail: int | None = None, *, follow: bool = False
    ) -> Iterator[tuple[str, str]]:
        """Give (time, line) of what it wrote; with `follow` go on until it ends."""
        return logs.journal(self._client, container, (since, tail), follow=follow)

    def processes(self, container: str) -> int:
        """Return how many processes run in it."""
        with self._client.use(f"processes of container {container} could not be counted") as api:
            return len(api.top(container)["Processes"] or ())

    def write_files(self, container: str, files: Mapping[str, bytes]) -> None:
        """Put files into a container, running or not; keys are absolute paths.

        A folder that is missing is made by the engine; one that is there keeps its mode.
        """
        entries = [Entry(path, data) for path, data in files.items()]
        with self._client.use(f"files could not be written into container {container}") as api:
            api.put_archive(container, "/", volumes.archive(entries))

    def execute(self, container: str, command: Sequence[str]) -> tuple[int, str]:
        """Run a command in a running container; return (exit code, output)."""
        what = f"`{' '.join(command)}` could not be run in container {container}"
        with self._client.use(what) as api:
            run = api.exec_create(container, list(command))["Id"]
            output = api.exec_start(run)
            return int(api.exec_inspect(run)["ExitCode"]), output.decode(errors="replace")

    def signal(self, container: str, name: str) -> None:
        """Send a signal (`SIGUSR2`) to its first process."""
        with self._client.use(f"container {container} could not be sent {name}") as api:
            api.kill(container, signal=name)

    def _create(self, container: WantedContainer, secrets: Secrets, restart: str) -> str:
        # Two that have the same files would write the same volume, one while the other starts.
        with self._filling if container.files else nullcontext():
            return containers.create(self._client, container, secrets, restart)
