"""Addresses of containers in the project's network: each has one for life, and for itself."""

from __future__ import annotations

from collections.abc import Callable, Collection
from ipaddress import IPv4Address, IPv4Network
from threading import Lock

from gitops.drivers.base import DriverError, ErrorKind

_RESERVED = 2
"""Addresses at the beginning of a network: its own, and that of its gateway."""


def free_address(subnet: str, taken: Collection[str]) -> str:
    """Return an address of `subnet` that is not taken: the one after the highest, if it is free.

    So the address of what went away is not soon that of something else, which a connection or a
    configuration of yesterday might take for the old one.
    """
    network = IPv4Network(subnet)
    first, last = int(network[_RESERVED]), int(network[-1])
    used = {number for text in taken if first <= (number := int(IPv4Address(text))) <= last}
    after = max(used, default=first - 1) + 1
    for number in (*range(after, last + 1), *range(first, after)):
        if number not in used:
            return str(IPv4Address(number))
    raise DriverError(
        ErrorKind.FAILED,
        f"no address is free in {subnet}",
        f"{len(used)} containers have one; remove some of them",
    )


_REMEMBERED = 600.0
"""Seconds after which an address that was given is in the label of a container, or of none."""


class Addresses:
    """Gives each container that is about to be created an address, whichever run creates it.

    `clock` gives seconds. What is given is remembered until a look at the engine shows it.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._given: dict[str, float] = {}

    def give(self, subnet: str, taken: Collection[str]) -> str:
        """Return an address that is neither taken nor given to another one."""
        with self._lock:
            now = self._clock()
            self._given = {
                address: since
                for address, since in self._given.items()
                if now - since < _REMEMBERED
            }
            address = free_address(subnet, {*taken, *self._given})
            self._given[address] = now
            return address
