"""What steps of one run tell later ones: digests of pushes, ports of images, addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock

from gitops.engine.deploys.addresses import Addresses
from gitops.model.address import Address
from gitops.model.image import ImageRef


class Board:
    """Written and read by the threads of a run. `taken` are the addresses that containers have,
    `addresses` gives new ones.
    """

    def __init__(self, addresses: Addresses, taken: Iterable[str] = ()) -> None:
        self._lock = Lock()
        self._digests: dict[str, str] = {}
        self._ports: dict[str, int] = {}
        self._addresses: dict[str, str] = {}
        self._given = addresses
        self._taken = frozenset(taken)
        self._certificates: dict[Address, str] = {}
        self._asking = Lock()
        self._subnets: dict[tuple[str, str], str] = {}

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

    def subnet(self, target: str, network: str, ask: Callable[[str], str]) -> str:
        """Return the subnet of a network; it is asked for once, however many containers join it."""
        with self._asking:
            if (target, network) not in self._subnets:
                self._subnets[target, network] = ask(network)
            return self._subnets[target, network]

    def give_address(self, container: str, subnet: str) -> str:
        """Return a free address for a container that is about to be created."""
        return self.shares_address(container, self._given.give(subnet, self._taken))

    def shares_address(self, container: str, address: str) -> str:
        """Remember that a container answers at the address of another one, and return that."""
        with self._lock:
            self._addresses[container] = address
            return address

    def address(self, container: str, known: str = "") -> str:
        """Return `known`, or where that is empty what a container was given by this run."""
        with self._lock:
            return known or self._addresses.get(container, "")

    def obtained(self, app: Address, certificate: str) -> None:
        """Remember the name of the certificate that was obtained for an app."""
        with self._lock:
            self._certificates[app] = certificate

    def certificate(self, app: Address) -> str:
        """Return the name of the certificate that this run obtained, or an empty string."""
        with self._lock:
            return self._certificates.get(app, "")
