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


class Server(NamedTuple):
    """A container that answers, by its address in the project's network, which is its own for life.

    In a plan, `address` may be empty and `port` 0: those in the labels of the container. `port` -1
    is a container that listens on nothing.
    """

    container: str
    port: int
    address: str = ""


class Check(NamedTuple):
    """How the gateway goes on asking whether a server is well; see `Health`. Times are seconds.

    With a `path`, that is asked and has to answer with a status in `statuses`; without one, the
    port has to take a connection. After `failures` in a row a server gets no requests until it is
    well again.
    """

    path: str
    statuses: tuple[tuple[int, int], ...]
    interval: float
    timeout: float
    failures: int


class Rules(NamedTuple):
    """What is done with a request before and after it reaches the app; see `Front`.

    `users` are names with the hash of their `Authorization` header (`drivers.gateway` says which),
    `certificate` is the name of the one that the hosts are served with (empty: HTTP only),
    `redirect` sends HTTP to HTTPS.
    """

    prefixes: tuple[str, ...] = ("/",)
    strip_prefix: bool = False
    affinity: bool = False
    body_limit: int = 0
    timeout: float = 60.0
    compression: bool = False
    maintenance: str = ""
    users: tuple[tuple[str, str], ...] = ()
    allow: tuple[str, ...] = ()
    certificate: str = ""
    redirect: bool = False


class Route(NamedTuple):
    """The host names of one app, and the servers that answer for them.

    `drain` is how many seconds a request may last on a server after it was taken out. `traffic`
    gives a percentage of the requests to other routes (of slots), by their names.
    """

    app: str
    hosts: tuple[str, ...]
    servers: tuple[Server, ...]
    drain: float = 30.0
    check: Check | None = None
    rules: Rules = Rules()
    traffic: tuple[tuple[str, float], ...] = ()


class ServerHealth(NamedTuple):
    """What a gateway's checks say of one server: `up`, and for how many seconds; the last check in
    words, such as `HTTP status 500`. Counters since the configuration was loaded.
    """

    app: str
    container: str
    up: bool
    seconds: float
    why: str
    requests: int
    errors: int
    """Answers of 500 and more, and requests that got no answer."""
    open: int
    milliseconds: float
    """The average time of an answer over the last 1024 requests."""
