"""What a gateway sends where."""

from __future__ import annotations

from typing import NamedTuple

KEEP_ALIVE = 5.0
"""Seconds after which a gateway ends a connection that a client keeps open and does not use.

Until then, such a connection may bring one more request to the configuration that it was made
under, so a container that is routed to no more may not stop before.
"""

LAST_REQUEST = KEEP_ALIVE + 1
"""Seconds after a switch until no idle connection can bring a request to the old container."""


class Route(NamedTuple):
    """The host names of one app, and the container and port that answer for them.

    `drain` is how many seconds a request may last on the previous container after a switch.
    `epoch` grows when the same container is started again: it may have another address then, and
    a route that is to be looked up anew must not look like the old one.
    """

    app: str
    hosts: tuple[str, ...]
    container: str
    port: int
    drain: float = 30.0
    epoch: int = 0
