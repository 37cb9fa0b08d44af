"""Values of Docker's options: sizes, settings, ports, hosts."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from decimal import Decimal

from gitops.spec.tasks.words import LineError, quoted

_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([kmgt]?)i?b?", re.IGNORECASE)
_PUBLISHED = re.compile(
    r"(?:(?:(?:[0-9.]{7,15}|\[[0-9a-fA-F:.]+\]):)?(?:0|([0-9]{0,5})):)?"
    r"([0-9]{1,5})(?:/(?:tcp|udp|sctp))?",
    re.ASCII,
)
"""A host port of 0 is the engine's choice, as none is."""
_EXPOSED = re.compile(r"()([0-9]{1,5})(?:/(?:tcp|udp|sctp))?", re.ASCII)
_RANGE = re.compile(
    r"(.*?)(?:([0-9]{1,5})-([0-9]{1,5}):)?([0-9]{1,5})-([0-9]{1,5})((?:/\w+)?)", re.ASCII
)
_LAST_PORT = 65535
_SPREAD = 100
"""Ports of one range: a file of a thousand bytes must not ask for a million of them."""


def size(name: str, written: str) -> int:
    """Return the bytes of `512m` or `2g`, 0 of an empty text; raises `LineError`."""
    match = _SIZE.fullmatch(written)
    if match is not None:
        return int(Decimal(match.group(1)) * _UNITS[match.group(2).lower()])
    if not written:
        return 0
    raise LineError(f"{name}: {quoted(written)} is not a size", "write 512m or 2g, for example")


def cores(written: str) -> float:
    """Return the number of `--cpus`; 0, as an empty text, is no limit. Raises `LineError`."""
    if not written:
        return 0.0
    if re.fullmatch(r"(?=\.?[0-9])[0-9]{0,4}(?:\.[0-9]{0,9})?", written):
        return float(written)
    raise LineError(f"--cpus: {quoted(written)} is not a number of cores", "write 1.5, for example")


def settings(written: Iterable[str]) -> tuple[tuple[str, str | None], ...]:
    """Return names with their values; none where a value is taken from the environment."""
    found = []
    for each in written:
        name, equals, value = each.partition("=")
        if not name or any(character.isspace() for character in name):
            raise LineError("a setting without a name", "write NAME=value, or NAME")
        found.append((name, value if equals else None))
    return tuple(found)


def labels(written: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return labels with their values, which may be empty."""
    return tuple((name, value or "") for name, value in settings(written))


def spread(written: str) -> tuple[str, ...]:
    """Return each port of `8000-8002:80-82/udp`; what is no such range comes back as it is."""
    match = _RANGE.fullmatch(written)
    if match is None:
        return (written,)
    before, host, host_end, first, last, kind = match.groups()
    ports = range(int(first), int(last) + 1)
    hosts = range(int(host), int(host_end) + 1) if host else None
    if not 0 < len(ports) <= _SPREAD or (hosts is not None and len(hosts) != len(ports)):
        return (written,)
    if hosts is None:
        return tuple(f"{before}{port}{kind}" for port in ports)
    pairs = zip(hosts, ports, strict=True)
    return tuple(f"{before}{outside}:{port}{kind}" for outside, port in pairs)


def published(written: str) -> str:
    """Return a port to publish, as it is. Raises `LineError`."""
    hint = "write [[address:]host:]container[/protocol], such as 8080:80"
    return _port(_PUBLISHED, written, hint)


def exposed(written: str) -> str:
    """Return a port that is only open to other steps, as it is. Raises `LineError`."""
    return _port(_EXPOSED, written, "write a port, such as 80 or 53/udp")


def _port(form: re.Pattern[str], written: str, hint: str) -> str:
    match = form.fullmatch(written)
    ports = [int(each) for each in match.groups() if each] if match else [0]
    if all(0 < port <= _LAST_PORT for port in ports):
        return written
    raise LineError(f"{quoted(written)} is not a port", hint)


def added_host(written: str) -> str:
    """Return `name:address` of `--add-host`; raises `LineError`."""
    name, _, address = written.replace("=", ":", 1).partition(":")
    if name and (address == "host-gateway" or _is_address(address.strip("[]"))):
        return f"{name}:{address.strip('[]')}"
    raise LineError(f"--add-host: {quoted(written)} is not a host", "write name:address")


def dns(written: str) -> str:
    """Return the address of a name server; raises `LineError`."""
    if _is_address(written):
        return written
    raise LineError(f"--dns: {quoted(written)} is not an IP address")


def each(read: Callable[[str], str], written: Iterable[str]) -> tuple[str, ...]:
    """Return every value, read."""
    return tuple([read(one) for one in written])


def _is_address(written: str) -> bool:
    try:
        ipaddress.ip_address(written)
    except ValueError:
        return False
    return True
