"""Requests through the gateway, against the container itself: how many, and how late the latest."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import containers
import load
import specs
from figures import Row, Section
from load import Load
from turns import each_in_turns
from workspace import Workspace, free_port

from gitops.drivers.gateway.names import PORT, TLS_PORT

TITLE = "Requests through the gateway"
SECONDS = 2
WARM_UP = 1
LOAD_NOTE = (
    f"`wrk` asks over {load.CONNECTIONS} connections that are kept, as fast as it is answered, for"
    f" {SECONDS} s a round: the p99 is that of a machine with nothing to spare. The client shares"
    " the processors with what it asks. The application does no more than say its name, so that the"
    " gateway's share of the work is as large as it can be."
)
PLACE_NOTE = (
    "Requests go to the containers' addresses on their bridges, except where a row says so:"
    " published ports have the engine's own proxy between, on both sides. The bare container never"
    " speaks TLS."
)
COMPARED = (
    ("1 replica", "one", "bare"),
    ("3 replicas", "three", "bare"),
    ("1 replica, TLS", "tls", "bare"),
    ("1 replica, published ports", "one published", "bare published"),
)


def measure(space: Workspace) -> Section:
    """Return the figures."""
    if not load.found():
        return Section(TITLE, [], [load.MISSING])
    with _sides(space) as sides:
        rounds = each_in_turns(sides)
    found = {name: _median(loads) for name, loads in rounds.items()}
    rows = [row for what, ours, other in COMPARED for row in _rows(what, found[ours], found[other])]
    return Section(TITLE, rows, [LOAD_NOTE, PLACE_NOTE])


@contextmanager
def _sides(space: Workspace) -> Iterator[dict[str, Callable[[int], Load]]]:
    """Give the sides; what they ask is removed at the end."""
    http, https, published = free_port(), free_port(), free_port()
    with (
        containers.bare(space, "bare", published) as bare,
        specs.deployed(space, "gateway", _text(http, https)) as command,
        containers.gateway_of(command[-1]) as gateway,
    ):
        direct, front = containers.address(bare), containers.address(gateway)
        places = {
            "bare": (f"http://{direct}:{containers.APP_PORT}/", "one.localhost"),
            "one": (f"http://{front}:{PORT}/", "one.localhost"),
            "three": (f"http://{front}:{PORT}/", "three.localhost"),
            "tls": (f"https://{front}:{TLS_PORT}/", "one.localhost"),
            "bare published": (f"http://127.0.0.1:{published}/", "one.localhost"),
            "one published": (f"http://127.0.0.1:{http}/", "one.localhost"),
        }
        yield {name: _side(space, url, host) for name, (url, host) in places.items()}


def _side(space: Workspace, url: str, host: str) -> Callable[[int], Load]:
    return lambda number: load.ask(space, url, host, SECONDS if number else WARM_UP)


def _text(http: int, https: int) -> str:
    app = (
        "{{image: {{name: gitops-bench, tag: latest}}, replicas: {replicas}{more},"
        " health: {{path: /healthz, stableFor: 0s}}, deploy: {{drain: 0s, stop: 1s}}}}"
    )
    one = app.format(replicas=1, more=", tls: {auto: true, redirect: false}")
    three = app.format(replicas=3, more="")
    return "---\n".join(
        (
            specs.document("Target", "local", f"{{gateway: {{http: {http}, https: {https}}}}}"),
            specs.document("WebApp", "one", one),
            specs.document("WebApp", "three", three),
        )
    )


def _median(loads: Sequence[Load]) -> Load:
    rates, latest = zip(*loads, strict=True)
    return Load(statistics.median(rates), statistics.median(latest))


def _rows(what: str, ours: Load, other: Load) -> Iterator[Row]:
    """Yield both figures of one comparison; nothing was promised of them."""
    yield Row(
        f"requests a second, {what}",
        f"{ours.rate:,.0f}",
        f"bare container {other.rate:,.0f}",
        f"{ours.rate / other.rate:.2f}",
        "",
        None,
    )
    yield Row(
        f"p99, {what}",
        f"{ours.p99:.1f} ms",
        f"bare container {other.p99:.1f} ms",
        f"{ours.p99 / other.p99:.2f}",
        "",
        None,
    )
