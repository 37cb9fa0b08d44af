"""Which TCP ports something in a container listens on, as its kernel tables tell.

https://www.kernel.org/doc/Documentation/networking/proc_net_tcp.txt
"""

from __future__ import annotations

from gitops.drivers.base import DriverError, Engine
from gitops.model.probing import Listener

_TABLES = ("cat", "/proc/net/tcp", "/proc/net/tcp6")
_LISTEN = "0A"
_COLUMNS = 4
_LOOPBACK_4 = "7F"
"""How an address of 127.0.0.0/8 ends: it is written in the machine's (little-endian) order."""
_LOOPBACK_6 = ("00000000000000000000000001000000", "0000000000000000FFFF00000100007F")
_DNS_OF_ENGINE = "0B00007F"
"""127.0.0.11: the engine's own name server, which is in every container of a network."""


def listeners(engine: Engine, container: str) -> tuple[Listener, ...] | None:
    """Return the ports; none when the container has no `cat` to show them with."""
    try:
        _, output = engine.execute(container, _TABLES)
    except DriverError:
        return None
    # An old kernel, or one without IPv6, has one table only, and the exit code is not 0.
    return read_tables(output) if "local_address" in output else None


def read_tables(text: str) -> tuple[Listener, ...]:
    """Return the listeners in the lines of `/proc/net/tcp` and `tcp6`, by port.

    A port that listens for others too is given once.
    """
    found: dict[int, bool] = {}
    for line in text.splitlines():
        columns = line.split()
        if len(columns) < _COLUMNS or columns[3] != _LISTEN:
            continue
        address, _, port = columns[1].rpartition(":")
        if address == _DNS_OF_ENGINE:
            continue
        loopback = address in _LOOPBACK_6 or (len(address) == 8 and address.endswith(_LOOPBACK_4))  # noqa: PLR2004 - hex digits of an IPv4 address
        found[int(port, 16)] = found.get(int(port, 16), True) and loopback
    return tuple(Listener(port, loopback) for port, loopback in sorted(found.items()))
