"""What a run makes on the engine, and the promise that nothing of it stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from threading import Lock

from gitops.drivers.base import DriverError, RunMark, StepContainer, TaskEngine, marker_of
from gitops.engine.tasks.hands import Chore, Line
from gitops.engine.tasks.sweeping import remove_image


class Belongings:
    """Containers, volumes, networks and names of images of one run, for several threads.

    Containers that are done with are removed behind the run's back, so that the next step need not
    wait; `clear` waits for all of it.
    """

    def __init__(self, engine: TaskEngine, mark: RunMark) -> None:
        self._engine = engine
        self._mark = mark
        self._lock = Lock()
        self._containers: dict[str, str] = {}
        self._going: dict[str, Chore] = {}
        self._volumes: set[str] = set()
        self._networks: list[str] = []
        self._images: set[str] = set()
        # One at a time: removing is the engine's work, and the steps need the processors.
        self._remover = Line("remove")

    def create(self, container: StepContainer) -> str:
        """Create a container once an earlier one of its name is gone; return its id."""
        self._await(container.name)
        self.volumes(mount.source for mount in container.mounts if not mount.bind)
        # Remembered before it is made: an engine that goes away in between may have made it.
        with self._lock:
            self._containers[container.name] = container.name
        identity = self._engine.create(container)
        with self._lock:
            self._containers[container.name] = identity
        return identity

    def discard(self, name: str) -> None:
        """Begin to remove a container by its name."""
        with self._lock:
            identity = self._containers.get(name)
            if identity is not None and name not in self._going:
                self._going[name] = self._remover.add(partial(self._engine.remove, identity))

    def volumes(self, names: Iterable[str]) -> None:
        """Create those volumes that are not there yet."""
        with self._lock:
            for name in names:
                if name not in self._volumes:
                    self._volumes.add(name)
                    self._engine.create_volume(name, self._mark)

    def network(self, name: str, driver: str, *, ipv6: bool = False) -> None:
        """Create a network."""
        with self._lock:
            self._networks.append(name)
        self._engine.create_network(name, driver, self._mark, ipv6=ipv6)

    def image(self, name: str) -> None:
        """Make known a name that is about to be given to an image, for this run only.

        An image that has had it goes, if it has no other one.
        """
        with self._lock:
            again = name in self._images
            self._images.add(name)
        if again:
            self._engine.untag(name)
        else:
            self._engine.create_volume(marker_of(name), self._mark)

    def clear(self) -> tuple[str, ...]:
        """Remove everything; return what could not be removed, each with the reason."""
        for name in tuple(self._containers):
            self.discard(name)
        self._remover.close()
        engine = self._engine
        errors = (
            *(_error(f"container {name}", going.result) for name, going in self._going.items()),
            *(_error(f"volume {one}", partial(engine.remove_volume, one)) for one in self._volumes),
            *(
                _error(f"network {one}", partial(engine.remove_network, one))
                for one in self._networks
            ),
            *(_error(f"image {one}", partial(remove_image, engine, one)) for one in self._images),
        )
        return tuple(error for error in errors if error)

    def _await(self, name: str) -> None:
        """Wait for the end of an earlier container of that name, kept or not."""
        self.discard(name)
        with self._lock:
            going = self._going.pop(name, None)
        if going is not None:
            going.result()
            with self._lock, suppress(KeyError):
                del self._containers[name]


def _error(what: str, remove: Callable[[], None]) -> str:
    try:
        remove()
    except DriverError as error:
        return f"{what}: {error}"
    return ""
