"""Ports as `docker run` takes them: `--publish` and `--expose`.

https://docs.docker.com/reference/cli/docker/container/run/#publish
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gitops.drivers.base import DriverError, ErrorKind

_PROTOCOLS = ("tcp", "udp", "sctp")
_HIGHEST = 65535


def published(words: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """Return the PortBindings of `[[address:]host:]container[/protocol]` each.

    A host port that is left out, or 0, is the engine's choice; a range (`8000-8005`) stands for its
    ports. Raises INVALID.
    """
    found: dict[str, list[dict[str, str]]] = {}
    for word in words:
        rest, protocol = _protocol(word)
        front, _, inside = rest.rpartition(":")
        address, _, outside = front.rpartition(":")
        targets = _range(inside, word)
        chosen = outside not in ("", "0")
        hosts: Sequence[str] = _range(outside, word) if chosen else [""] * len(targets)
        if len(hosts) != len(targets):
            raise _wrong(word, "both ranges have to be of one length")
        for target, host in zip(targets, hosts, strict=True):
            binding = {"HostIp": address.strip("[]"), "HostPort": host}
            found.setdefault(f"{target}/{protocol}", []).append(binding)
    return found


def exposed(words: Iterable[str]) -> list[str]:
    """Return the keys of ExposedPorts for `port[-port][/protocol]` each; raise INVALID."""
    found = []
    for word in words:
        rest, protocol = _protocol(word)
        found += [f"{port}/{protocol}" for port in _range(rest, word)]
    return found


def _protocol(word: str) -> tuple[str, str]:
    rest, _, protocol = word.partition("/")
    if protocol and protocol.lower() not in _PROTOCOLS:
        raise _wrong(word, f"{protocol!r} is none of {', '.join(_PROTOCOLS)}")
    return rest, protocol.lower() or "tcp"


def _range(text: str, word: str) -> list[str]:
    first, dash, last = text.partition("-")
    ends = [first, last if dash else first]
    if not all(end.isascii() and end.isdecimal() and 0 < int(end) <= _HIGHEST for end in ends):
        raise _wrong(word, f"{text!r} is no port from 1 to {_HIGHEST}")
    if int(ends[0]) > int(ends[1]):
        raise _wrong(word, f"the range {text!r} ends before it begins")
    return [str(port) for port in range(int(ends[0]), int(ends[1]) + 1)]


def _wrong(word: str, why: str) -> DriverError:
    wanted = "write [[address:]host:]container[/protocol], as in 8080:80 or 127.0.0.1:53:53/udp"
    return DriverError(ErrorKind.INVALID, f"port {word!r} cannot be", f"{why}; {wanted}")
