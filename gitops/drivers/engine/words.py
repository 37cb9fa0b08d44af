"""What an engine says in words: why something failed, and how far a pull or push has come."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from gitops.drivers.base import DriverError, ErrorKind, Output

_SAYS = (
    (ErrorKind.DISK_FULL, ("no space left on device",)),
    (
        ErrorKind.CONFLICT,
        ("port is already allocated", "address already in use", "pool overlaps with other one"),
    ),
    (
        ErrorKind.DENIED,
        ("unauthorized", "denied:", "access denied", "authentication required", "no basic auth"),
    ),
    (ErrorKind.MISSING, ("manifest unknown", "name unknown", "not found", "no such image",
         "does not exist locally")),
    (
        ErrorKind.UNREACHABLE,
        ("connection refused", "no such host", "i/o timeout", "dial tcp", "connection reset",
         "tls handshake", "server misbehaving", "unexpected eof"),
    ),
)  # fmt: skip


_TAKEN = re.compile(r"(?:Bind for |listen (?:tcp|udp)[46]? )(\S+):(\d+)(?: failed)?:")
_IDENTITY = re.compile(r"(?<![:\w])([0-9a-f]{12})[0-9a-f]{52}\b")


def brief(text: str) -> str:
    """Return text with the ids of containers, networks and the like as `docker ps` has them."""
    return _IDENTITY.sub(r"\1", text)


class Taken(NamedTuple):
    """A port of the machine that somebody else has."""

    address: str
    port: int

    def by(self, holders: Iterable[tuple[str, Iterable[int]]]) -> str:
        """Return the sentence; `holders` are containers with the ports that they publish."""
        found = (name for name, ports in holders if self.port in ports)
        other = f"a process on the engine's machine (`ss -ltnp 'sport = :{self.port}'` names it)"
        name = next(found, "")
        holder = f"container {name}" if name else other
        return f"port {self.port} of {self.address} is taken by {holder}"


def taken(message: str) -> Taken | None:
    """Return the port that the engine could not have for a container, if that is what it says."""
    found = _TAKEN.search(message)
    return Taken(found[1], int(found[2])) if found else None


def kind_of_message(text: str) -> ErrorKind:
    """Tell the kind of failure from what the engine or a registry says; FAILED if nothing fits."""
    lower = text.lower()
    for kind, phrases in _SAYS:
        if any(phrase in lower for phrase in phrases):
            return kind
    return ErrorKind.FAILED


def told(records: Iterable[dict[str, Any]], what: str, output: Output) -> Iterator[dict[str, Any]]:
    """Write the records of a pull or push to the log, less their progress bars; raise their error.

    The engine answers 200 first and tells of a failure in the stream (Engine API, ImagePush).
    """
    last = error = ""
    for record in records:
        # The stream is read to its end even so: that gives the connection back.
        error = error or record.get("error", "")
        line = f"{record.get('id', '')} {record.get('status', '')}".strip()
        if line and line != last and "progressDetail" not in record:
            output(line)
        last = line
        yield record
    if error:
        raise DriverError(kind_of_message(error), what, error)
