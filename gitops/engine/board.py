"""What steps of one run tell later ones: digests that a push gave, ports that an image names."""

from __future__ import annotations

from threading import Lock

from gitops.model.image import ImageRef


class Board:
    """Written and read by the threads of a run."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._digests: dict[str, str] = {}
        self._ports: dict[str, int] = {}

    def pushed(self, image: ImageRef, digest: str) -> None:
        """Remember what a push gave."""
        with self._lock:
            self._digests[str(image)] = digest

    def digest(self, image: ImageRef) -> str:
        """Return what a push of this run gave `image`, or an empty string."""
        with self._lock:
            return self._digests.get(str(image), "")

    def listens(self, container: str, port: int) -> None:
        """Remember the port of a container that this run created; -1 is none."""
        with self._lock:
            self._ports[container] = port

    def port(self, container: str, known: int) -> int:
        """Return `known`, or where that is 0 what creating the container found out."""
        with self._lock:
            return known or self._ports.get(container, -1)
