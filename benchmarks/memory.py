"""The gateway's memory, by the number of apps that it routes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import containers
import specs
from docker.models.containers import Container
from figures import Row, Section
from workspace import Workspace, free_port

TITLE = "Memory of the gateway"
NUMBERS = (1, 100, 200)
"""Without an app there is no gateway."""
READINGS = 5
PROCESSES = 2
"""One that watches and one that works; more while one of an earlier configuration ends."""
PATIENCE = 60.0
LEFT_OUT = "Left out: only root, on the engine's machine, may read how much memory a process has."


def measure(space: Workspace) -> Section:
    """Return the figures: the memory with each number of apps, and what 100 more of them cost."""
    with specs.removed(space, "memory", "") as command:
        try:
            found = dict(_each(space, command))
        except (PermissionError, FileNotFoundError):
            return Section(TITLE, [], [LEFT_OUT])
    rows = [_row(f"apps: {number}", size) for number, size in found.items()]
    least, *_, most = found
    growth = (found[most] - found[least]) / (most - least) * 100
    rows.append(_row("each further 100 apps", growth))
    note = (
        "Proportional set size (PSS) of the gateway's processes, without traffic; one route and one"
        " replica an app, each checked every second."
    )
    return Section(TITLE, rows, [note])


def _each(space: Workspace, command: list[str]) -> Iterator[tuple[int, float]]:
    """Yield each number of apps with the bytes that the gateway then has."""
    file, port = Path(command[command.index("--file") + 1]), free_port()
    for number in NUMBERS:
        file.write_text(_text(number, port))
        space.run(command)
        with containers.gateway_of(command[-1]) as gateway:
            _settled(gateway)
            yield number, statistics.median(_readings(gateway))


def _text(number: int, port: int) -> str:
    app = (
        "{image: {name: gitops-bench, tag: latest}, health: {path: /healthz, stableFor: 0s},"
        " deploy: {drain: 0s, stop: 1s}}"
    )
    apps = (specs.document("WebApp", f"app{each}", app) for each in range(number))
    return "---\n".join([specs.target(port), *apps])


def _settled(gateway: Container) -> None:
    """Wait until no process of an earlier configuration is left."""
    deadline = time.monotonic() + PATIENCE
    while len(found := _processes(gateway)) != PROCESSES:
        if time.monotonic() > deadline:
            raise RuntimeError(f"the gateway has processes {found}, not {PROCESSES}")
        time.sleep(0.2)


def _readings(gateway: Container) -> Iterator[int]:
    for _ in range(READINGS):
        time.sleep(0.5)
        yield sum(_resident(process) for process in _processes(gateway))


def _processes(gateway: Container) -> list[int]:
    return [int(process) for (process,) in gateway.top(ps_args="-o pid")["Processes"]]


def _resident(process: int) -> int:
    """Return the bytes of a process: its own, and its part of what is shared."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "Pss":
            return int(value.split()[0]) * 1024
    raise RuntimeError(f"/proc/{process}/smaps_rollup has no Pss")


def _row(what: str, size: float) -> Row:
    return Row(what, f"{size / 2**20:.1f} MiB", "", "", "", None)
