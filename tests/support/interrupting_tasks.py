"""Tasks that stay in the middle of a step for as long as nobody ends them."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from support import hanging_registry
from support.eventual import eventually
from support.quick import Quick

TASKS = {
    "build": "  - {id: work, %(limit)s build: '-t %(name)s:made .'}\n",
    "old build": "  - {id: work, %(limit)s build: '-t %(name)s:made .'}\n",
    "push": "  - {id: work, %(limit)s push: ['localhost:%(port)s/%(name)s:x']}\n",
    "cmd": "  - {id: work, %(limit)s cmd: \"busybox sh -c '%(long)s'\"}\n",
    "built": (
        "  - {id: first, build: '-f Quick .'}\n"
        "  - {id: work, %(limit)s cmd: \"busybox sh -c '%(long)s'\"}\n"
    ),
    "detach": (
        "  - {id: web, detach: true, cmd: \"-v data:/data busybox sh -c '%(long)s'\"}\n"
        "  - {id: work, %(limit)s cmd: \"busybox sh -c '%(long)s'\"}\n"
    ),
}
LAST = "  - {id: last, cmd: busybox true}\n"
LONG = ': %s; trap "exit 0" TERM; sleep 300 & wait'
"""Ends well when it is asked to end: that must not pass for work that was done."""


class Interrupted:
    """One task that is in the middle of a step, and whatever can be seen of it."""

    def __init__(self, quick: Quick, kind: str, name: str = "") -> None:
        self.quick = quick
        self.kind = kind
        self.name = name or kind
        self.mark = f"mark-{secrets.token_hex(6)}"
        self.hung = quick.folder / f"{self.name}.hung"

    def write(self, limit: str = "") -> str:
        """Write the task, and return its file's name; `limit` is of the step that takes long."""
        if self.kind == "old build":
            self.quick.world.environ["GITOPS_BUILDER"] = "engine"
        long = (LONG % self.mark).replace('"', '\\"')
        words = {
            "limit": limit,
            "name": self.quick.world.project,
            "port": self.quick.world.registry_port,
            "long": long,
        }
        folder = self.quick.folder / f"context-{self.name}"
        folder.mkdir()
        (folder / "Dockerfile").write_text(f"FROM busybox\nRUN sleep 300; : {self.mark}\n")
        (folder / "Quick").write_text(f"FROM busybox\nLABEL mark={self.mark}\n")
        text = f"version: v1.1.0\nsteps:\n{TASKS[self.kind] % words}{LAST}"
        if self.kind == "detach":
            text = text.replace("steps:", "volumes: [{name: data, secret: {key: YQ==}}]\nsteps:")
        self.quick.write(f"{self.name}.yaml", text)
        return f"{self.name}.yaml"

    @property
    def arguments(self) -> tuple[str, str]:
        """The task and its context."""
        return f"{self.name}.yaml", f"context-{self.name}"

    def at_work(self) -> bool:
        """Say whether the step is in its middle."""
        if self.kind == "push":
            return self.hung.exists()
        return len(processes_with(self.mark)) >= (2 if self.kind == "detach" else 1)


@contextmanager
def registry_that_hangs(work: Interrupted, within: tuple[str, ...] = ()) -> Iterator[None]:
    """Have a registry on the world's port that hangs in the middle of a push."""
    world = work.quick.world
    program = [sys.executable, hanging_registry.__file__, str(world.registry_port), str(work.hung)]
    image = f"localhost:{world.registry_port}/{world.project}"
    world.engine.tag("busybox:latest", image, "x")
    server = subprocess.Popen([*within, *program])
    try:
        eventually(lambda: _listens(server.pid), what="the registry listens")
        yield
    finally:
        server.kill()
        server.wait()
        world.engine.remove_image(f"{image}:x")


def _listens(pid: int) -> bool:
    """Say whether a process has a socket that listens (state 0A), whatever its network."""
    sockets = {f"socket:[{line.split()[9]}]" for line in _tcp(pid) if line.split()[3] == "0A"}
    with suppress(OSError):
        return any(str(one.readlink()) in sockets for one in Path(f"/proc/{pid}/fd").iterdir())
    return False


def _tcp(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]


def processes_with(mark: str) -> list[str]:
    """Return the command lines, of all processes of this machine, in which `mark` occurs."""
    return [line for line in _each("cmdline") if mark in line]


def processes_of(run: str) -> list[str]:
    """Return the environments, of all processes, that carry the mark of a run."""
    return [one for one in _each("environ") if f"GITOPS_RUN={run}" in one]


def _each(what: str) -> Iterator[str]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                yield (entry / what).read_bytes().replace(b"\0", b" ").decode(errors="replace")
