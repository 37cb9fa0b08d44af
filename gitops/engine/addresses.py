"""Addresses of containers in the project's network: each has one for life, and for itself."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network

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
