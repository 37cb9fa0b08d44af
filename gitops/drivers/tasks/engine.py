"""A Docker engine as the run of a task uses it. Safe to use from several threads.

Reached at `unix://`, `tcp://` (plain or with TLS) and `ssh://`; without the SDK at the first two.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import BinaryIO, cast
from urllib.parse import urlencode

from gitops.drivers.base import (
    Cancel,
    DriverError,
    ErrorKind,
    Leftover,
    Output,
    RunMark,
    Sink,
    StepContainer,
    StepEnd,
    StepImage,
)
from gitops.drivers.builders.docker_config import Endpoint
from gitops.drivers.engine.http import EngineHttp, Observer, unobserved
from gitops.drivers.engine.line import Lines
from gitops.drivers.tasks import places
from gitops.drivers.tasks.body import step_body
from gitops.drivers.tasks.detached import Detached
from gitops.drivers.tasks.images import Images
from gitops.drivers.tasks.running import Runner, succeed


class DockerTaskEngine:
    """Satisfies `TaskEngine`; `http` reaches the engine of `endpoint`."""

    def __init__(
        self, http: EngineHttp, endpoint: Endpoint, observer: Observer = unobserved
    ) -> None:
        self._http = http
        self._lines = Lines(endpoint.address, endpoint.environ, observer)
        self._images = Images(http, self._lines, endpoint)
        self._runner = Runner(http, self._lines)
        self._detached = Detached(self._runner)

    def provide(self, image: StepImage, output: Output, cancel: Cancel) -> None:
        """Have an image.

        Raises `DriverError`: DENIED without the right login, MISSING when the registry has none,
        UNREACHABLE when the registry or the engine is.
        """
        self._images.provide(image, output, cancel)

    def create(self, container: StepContainer) -> str:
        """Create a container, not started; return its id.

        CONFLICT when the name is taken, MISSING when the engine has no such image.
        """
        query = {"name": container.name}
        if container.host.platform:
            query["platform"] = container.host.platform
        path = f"/containers/create?{urlencode(query)}"
        answer = self._http.call("POST", path, step_body(container))
        what = f"container {container.name} could not be created"
        if answer.status == 404 and "image" in answer.message.lower():  # noqa: PLR2004 - Not Found
            what += f": its image {container.image} is not on the engine"
            raise DriverError(ErrorKind.MISSING, what, answer.message)
        return cast("dict[str, str]", succeed(answer, what).json())["Id"]

    def run(self, container: str, sink: Sink, cancel: Cancel) -> StepEnd:
        """Start a container, give all of its output to `sink`, and return its end."""
        return self._runner.run(container, sink, cancel)

    def detach(self, container: str, sink: Sink, ended: Callable[[int], None]) -> None:
        """Start a container; its output goes to `sink` from a thread of its own until it ends."""
        self._detached.start(container, sink, ended)

    def remove(self, container: str) -> None:
        """Kill and remove a container; the output of a detached one is all with its sink then."""
        self._detached.leave(container)
        places.remove_container(self._http, container)
        self._detached.ended(container)

    def create_network(self, name: str, driver: str, mark: RunMark, *, ipv6: bool = False) -> None:
        """Create a network; CONFLICT when the name is taken, or the engine has no subnet left."""
        places.create_network(self._http, name, driver, mark, ipv6=ipv6)

    def remove_network(self, name: str) -> None:
        """Remove a network; one that is gone is fine."""
        places.remove_network(self._http, name)

    def create_volume(self, name: str, mark: RunMark) -> None:
        """Create a volume."""
        places.create_volume(self._http, name, mark)

    def remove_volume(self, name: str) -> None:
        """Remove a volume; one that is gone is fine."""
        places.remove_volume(self._http, name)

    def upload(self, container: str, path: str, write: Callable[[BinaryIO], None]) -> None:
        """Unpack a tar, as `write` writes it, at a folder of a container."""
        from gitops.drivers.tasks import archive  # noqa: PLC0415 - 20 ms, not before it is used

        archive.upload(self._lines, container, path, write)

    def download(self, container: str, path: str) -> AbstractContextManager[BinaryIO]:
        """Give a folder or file of a container as a tar; MISSING when it is not there."""
        from gitops.drivers.tasks import archive  # noqa: PLC0415 - the same

        return archive.download(self._lines, container, path)

    def tag(self, image: str, name: str) -> None:
        """Give a local image another name; MISSING when there is no such image."""
        self._images.tag(image, name)

    def untag(self, image: str) -> None:
        """Take a local image's name away; CONFLICT while a container uses it by no other."""
        self._images.untag(image)

    def has(self, image: str) -> bool:
        """Say whether the engine has an image."""
        return self._images.has(image)

    def identity(self, image: str) -> str:
        """Return the id of an image by one of its names; empty when there is none."""
        return self._images.identity(image)

    def digest(self, image: str) -> str:
        """Return the digest that an image here has in its registry; empty where none is known."""
        return self._images.digest(image)

    def push(self, image: str, output: Output, cancel: Cancel) -> str:
        """Push a local image under its name; return the digest that the registry gave it."""
        return self._images.push(image, output, cancel)

    def room(self, run: str, cancel: Cancel) -> int:
        """Return how many bytes the containers and volumes of a run take on the engine's disk."""
        from gitops.drivers.tasks import room  # noqa: PLC0415 - for the few runs with such a limit

        return room.room_of(self._lines, run, cancel)

    def leftovers(self) -> tuple[Leftover, ...]:
        """Return everything here that carries a run's mark, containers first."""
        return places.leftovers(self._http)
