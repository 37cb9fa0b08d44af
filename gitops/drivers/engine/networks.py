"""Networks of a Docker engine, with a part of their subnet that is for addresses of ours.

An engine takes a fixed address only on a network whose subnet was configured, and gives addresses
by itself only out of the `IPRange` (Engine API v1.41, NetworkCreate). Which subnet is free only it
can say: it knows its own pools, its other networks and the routes of its machine. So a first
network is made without one, to be told a subnet, and then ours with just that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, ip_network
from typing import Any

from docker.types import IPAMConfig, IPAMPool

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.sdk_client import SdkClient

TRIES = 5
"""Times that another may be quicker to take the subnet that was free."""
_OVERLAPS = "overlaps with other one"
_SMALLEST = 28
"""The longest prefix that leaves both parts a few addresses."""


def create_network(client: SdkClient, name: str, labels: Mapping[str, str]) -> None:
    """Create a bridge network, the engine's own choices limited to a quarter of its subnet.

    CONFLICT when the name is taken, or others took the subnet each time.
    """
    for left in reversed(range(TRIES)):
        subnet, gateway = _free_subnet(client, name, labels)
        *_, upper = subnet.subnets(prefixlen_diff=2)
        pool = IPAMPool(subnet=str(subnet), gateway=gateway, iprange=str(upper))
        try:
            _create(client, name, labels, IPAMConfig(pool_configs=[pool]))
        except DriverError as error:
            if _OVERLAPS not in error.detail.lower() or not left:
                raise
        else:
            return


def create_plain(client: SdkClient, name: str, labels: Mapping[str, str]) -> None:
    """Create a bridge network whose addresses are all the engine's to give."""
    _create(client, name, labels, None)


def remove_network(client: SdkClient, name: str) -> None:
    """Remove a network, and the one that found a subnet for it, should that be left."""
    for each in (_finder(name), name):
        try:
            with client.use(f"network {each} could not be removed") as api:
                api.remove_network(each)
        except DriverError as error:
            if error.kind is not ErrorKind.MISSING:
                raise


def lower_half(client: SdkClient, name: str) -> str:
    """Return the lower half of a network's subnet, in CIDR notation: `172.18.0.0/17`.

    The engine gives none of it away by itself, but its first two addresses are the network's own
    and the gateway's: skip these. Raises INVALID for a network that was not made for addresses of
    ours, MISSING when there is none of that name.
    """
    for pool in _pools(client, name):
        lower, _ = ip_network(pool["Subnet"]).subnets()
        chosen = pool.get("IPRange")
        if chosen and not lower.overlaps(ip_network(chosen)):
            return str(lower)
    raise DriverError(
        ErrorKind.INVALID,
        f"network {name} has no addresses that are kept for apps",
        "it was made by an earlier version or by hand: `gitops down`, then `gitops reconcile`",
    )


def connect_network(
    client: SdkClient, container: tuple[str, str], network: str, aliases: Sequence[str]
) -> None:
    """Let a container, given by (name, id), join a further network under these names.

    MISSING names the network that is not there.
    """
    name, identifier = container
    try:
        with client.use(f"container {name} could not join network {network}") as api:
            # A container that does not run yet may join what is not there, and fails at its start.
            api.inspect_network(network)
            api.connect_container_to_network(identifier, network, aliases=list(aliases))
    except DriverError as error:
        if error.kind is not ErrorKind.MISSING:
            raise
        raise DriverError(
            ErrorKind.MISSING,
            f"network {network}, which container {name} is to join, is not on the engine",
            f"make it (`docker network create {network}`), or take it out of `networks`",
        ) from error


def _free_subnet(
    client: SdkClient, name: str, labels: Mapping[str, str]
) -> tuple[IPv4Network, str]:
    """Return a subnet that is free now, and its gateway's address, by the engine's choice."""
    finder = _finder(name)
    try:
        _create(client, finder, labels, None)
    except DriverError as error:
        # One that is there already was left when an earlier try was cut off: it does as well.
        if error.kind is not ErrorKind.CONFLICT:
            raise
    pools = _pools(client, finder)
    remove_network(client, finder)
    for pool in pools:
        subnet = ip_network(pool["Subnet"])
        if isinstance(subnet, IPv4Network) and subnet.prefixlen <= _SMALLEST:
            return subnet, pool.get("Gateway") or str(subnet[1])
    raise DriverError(
        ErrorKind.INVALID,
        f"no subnet could be found for network {name}",
        f"the engine gave {', '.join(pool['Subnet'] for pool in pools) or 'none'}; it has to be"
        f" IPv4, /{_SMALLEST} or wider (`default-address-pools` in its daemon.json)",
    )


def _finder(name: str) -> str:
    return f"{name}.subnet"


def _create(
    client: SdkClient, name: str, labels: Mapping[str, str], ipam: IPAMConfig | None
) -> None:
    with client.use(f"network {name} could not be created") as api:
        api.create_network(
            name, driver="bridge", ipam=ipam, labels=dict(labels), check_duplicate=True
        )


def _pools(client: SdkClient, name: str) -> Sequence[Mapping[str, str]]:
    """Return the address pools of a network (IPAM.Config of Engine API v1.41, NetworkInspect)."""
    with client.use(f"network {name} could not be looked at") as api:
        found: Mapping[str, Any] = api.inspect_network(name)
    return found["IPAM"]["Config"] or ()
