"""What a gateway sends where."""

from __future__ import annotations

from typing import NamedTuple


class Route(NamedTuple):
    """The host names of one app, and the container and port that answer for them.

    `drain` is how many seconds a request may last on the previous container after a switch.
    """

    app: str
    hosts: tuple[str, ...]
    container: str
    port: int
    drain: float = 30.0
