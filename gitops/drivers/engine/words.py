"""What an engine says in words: why something failed, and how far a pull or push has come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

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
