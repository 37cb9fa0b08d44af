"""Changes a Docker engine through the SDK's low-level client. Safe to use from several threads."""

from __future__ import annotations

import io
import math
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gitops.drivers import engine_containers, engine_images
from gitops.drivers.base import DriverError, ErrorKind, Output
from gitops.drivers.sdk_client import SdkClient
from gitops.model.image import ImageRef
from gitops.model.observed import ContainerState
from gitops.model.secret import Secrets
from gitops.model.wanted import WantedContainer


class DockerEngine:
    """Satisfies `Engine`; `auths` are the credentials of registries by host."""

    def __init__(self, client: SdkClient, auths: engine_images.Auths) -> None:
        self._client = client
        self._auths = auths

    def create_network(self, name: str, labels: Mapping[str, str]) -> None:
        """Create a bridge network; one of that name is a CONFLICT."""
        with self._client.use(f"network {name} could not be created") as api:
            api.create_network(name, driver="bridge", labels=dict(labels), check_duplicate=True)

    def create_volume(self, name: str, labels: Mapping[str, str]) -> None:
        """Create a named volume."""
        with self._client.use(f"volume {name} could not be created") as api:
            api.create_volume(name, labels=dict(labels))

    def remove_network(self, name: str) -> None:
        """Remove a network; one that is gone already is fine."""
        try:
            with self._client.use(f"network {name} could not be removed") as api:
                api.remove_network(name)
        except DriverError as error:
            _unless(error, ErrorKind.MISSING)

    def remove_volume(self, name: str) -> None:
        """Remove a volume; one that is gone already is fine."""
        try:
            with self._client.use(f"volume {name} could not be removed") as api:
                api.remove_volume(name)
        except DriverError as error:
            _unless(error, ErrorKind.MISSING)

    def pull(self, image: ImageRef, output: Output) -> None:
        """Make sure that the engine has `image`."""
        engine_images.pull(self._client, image, self._auths, output)

    def push(self, image: ImageRef, output: Output) -> str:
        """Push `image` under its tag; return the digest that the registry gave it."""
        return engine_images.push(self._client, image, self._auths, output)

    def exposed_ports(self, image: ImageRef) -> tuple[int, ...]:
        """Return the TCP ports that the image's EXPOSE lines name, sorted."""
        return engine_images.exposed_ports(self._client, image)

    def create_container(self, container: WantedContainer, secrets: Secrets) -> str:
        """Create it, not started; return its id.

        CONFLICT when the name is taken, MISSING when the engine has no such image or network.
        """
        body = engine_containers.create_body(container, secrets)
        try:
            with self._client.use(f"container {container.name} could not be created") as api:
                made = api.create_container_from_config(  # type: ignore[no-untyped-call]
                    body, container.name
                )
                return str(made["Id"])
        except DriverError as error:
            detail = engine_containers.redacted(error.detail, secrets)
            # The cause quotes the value as well, so it is left out of the chain.
            raise DriverError(error.kind, error.what, detail) from None

    def start(self, container: str) -> None:
        """Start a container by name or id; one that runs already is fine."""
        engine_containers.start(self._client, container)

    def stop(self, container: str, timeout: float) -> None:
        """Stop it: its stop signal, `timeout` seconds, then a kill. One that is gone is fine."""
        try:
            with self._client.use(f"container {container} could not be stopped") as api:
                api.stop(container, timeout=math.ceil(timeout))
        except DriverError as error:
            _unless(error, ErrorKind.MISSING)

    def remove(self, container: str) -> None:
        """Remove it, running or not, with its anonymous volumes; one that is gone is fine."""
        try:
            with self._client.use(f"container {container} could not be removed") as api:
                api.remove_container(container, v=True, force=True)
        except DriverError as error:
            _unless(error, ErrorKind.MISSING)

    def state(self, container: str) -> ContainerState:
        """Return how it is now; raise `DriverError` MISSING when it is gone."""
        with self._client.use(f"container {container} could not be looked at") as api:
            return engine_containers.state_of(api.inspect_container(container))

    def logs(self, container: str, tail: int) -> tuple[str, ...]:
        """Return its last lines."""
        with self._client.use(f"the log of container {container} could not be read") as api:
            text = api.logs(container, stdout=True, stderr=True, tail=tail)
        return tuple(text.decode(errors="replace").splitlines()[-tail:])

    def follow(self, container: str, tail: int) -> Iterator[str]:
        """Give its last `tail` lines, and then each line as it is written, until it ends.

        Closing the iterator ends the call. Bytes that are no UTF-8 are replaced.
        """
        with self._client.use(f"the log of container {container} could not be read") as api:
            stream = api.logs(
                container, stdout=True, stderr=True, tail=tail, stream=True, follow=True
            )
            try:
                yield from _lines(stream)
            finally:
                # Its own `close` leaves the socket's file open, and does not work over SSH.
                response = stream._response  # type: ignore[attr-defined]  # noqa: SLF001
                response.close()

    def processes(self, container: str) -> int:
        """Return how many processes run in it."""
        with self._client.use(f"processes of container {container} could not be counted") as api:
            return len(api.top(container)["Processes"] or ())

    def write_files(self, container: str, files: Mapping[str, bytes]) -> None:
        """Put files into a container, running or not; keys are absolute paths.

        A folder that is missing is made by the engine; one that is there keeps its mode.
        """
        with self._client.use(f"files could not be written into container {container}") as api:
            api.put_archive(container, "/", _archive(files))

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


def _unless(error: DriverError, fine: ErrorKind) -> None:
    """Raise `error` again unless it says what was wanted anyway."""
    already = error.kind is ErrorKind.CONFLICT and "already in progress" in error.detail
    if error.kind is not fine and not already:
        raise error


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Cut a stream into lines: a chunk may end in the middle of one, and of a character."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace").removesuffix("\r")
    if rest:
        yield rest.decode(errors="replace")


def _archive(files: Mapping[str, bytes]) -> bytes:
    """Return a tar of `files`, mode 0644, owned by root."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, data in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size = len(data)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()
