"""Finds out what can build on an engine: BuildKit where any docker CLI has it, else the engine."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from gitops.drivers.base import Builder, DriverError, ErrorKind
from gitops.drivers.buildkit import BuildKit
from gitops.drivers.command import CommandOptions, Completed, run
from gitops.drivers.docker_config import Endpoint, client_env, docker_config

CHOICES = ("auto", "buildkit", "engine")

WARNING = (
    "no docker CLI with BuildKit was found, so the engine builds by itself: cache mounts, "
    "build secrets, heredocs, `# syntax` lines and parallel stages do not work; "
    "install docker-buildx"
)

_PATIENCE = 20.0
_ENGINE_WITH_BUILDKIT = (18, 9)
_CLI_WITHOUT_BUILTIN = (23, 0)
"""From here on the CLI has no BuildKit of its own: it needs the buildx plugin."""


class Client(NamedTuple):
    """A docker CLI on the PATH, and what it said."""

    program: str
    version: tuple[int, int]
    engine: tuple[int, int]
    buildx: str


def choose_builder(endpoint: Endpoint, prefer: str, redact: Callable[[str], str]) -> Builder:
    """Return what builds on the engine. `prefer` is one of CHOICES.

    Every docker CLI on the PATH is asked, the first one often being one without its plugin. Raises
    MISSING when BuildKit is demanded and not there.
    """
    if prefer not in CHOICES:
        raise DriverError(
            ErrorKind.INVALID, f"{prefer!r} is not a builder", f"it is one of {', '.join(CHOICES)}"
        )
    clients = list(_clients(endpoint)) if prefer != "engine" else []
    for client in clients:
        if client.engine >= _ENGINE_WITH_BUILDKIT and client.buildx:
            command = (client.program, "buildx", "build", "--load")
            return BuildKit(f"BuildKit (docker {client.buildx})", command, endpoint, redact)
    for client in clients:
        old = client.version < _CLI_WITHOUT_BUILTIN and client.version >= _ENGINE_WITH_BUILDKIT
        if client.engine >= _ENGINE_WITH_BUILDKIT and old:
            name = f"BuildKit (docker {'.'.join(map(str, client.version))})"
            return BuildKit(name, (client.program, "build"), endpoint, redact)
    if prefer == "buildkit":
        raise DriverError(ErrorKind.MISSING, "BuildKit cannot be used", _found(clients))
    return _engine_builder(endpoint, redact, "" if prefer == "engine" else WARNING)


def _engine_builder(endpoint: Endpoint, redact: Callable[[str], str], warning: str) -> Builder:
    from gitops.drivers.classic_builder import (  # noqa: PLC0415 - 110 ms, without BuildKit only
        ClassicBuilder,
    )

    return ClassicBuilder("the engine's own builder", endpoint, redact, warning)


def _clients(endpoint: Endpoint) -> Iterator[Client]:
    """Ask every docker CLI on the PATH for its version, its engine's, and its plugin's."""
    with docker_config(endpoint) as folder:
        env = client_env(endpoint, folder)
        found = programs(endpoint.environ.get("PATH", os.defpath))
        questions = [
            [program, *words]
            for program in found
            for words in (("version", "--format", _FORMAT), ("buildx", "version"))
        ]
        # All at once: each takes as long as a program takes to start, and a build waits for them.
        with ThreadPoolExecutor(max(len(questions), 1)) as pool:
            answers = list(pool.map(lambda argv: _ask(argv, env), questions))
        for program, versions, plugin in zip(found, answers[::2], answers[1::2], strict=True):
            if versions is None or versions.code:
                continue
            mine, engine = (_number(text) for text in f"{versions.stdout.strip()}| ".split("|")[:2])
            says = plugin.stdout if plugin and not plugin.code else ""
            yield Client(program, mine, engine, _buildx(says))


_FORMAT = "{{.Client.Version}}|{{.Server.Version}}"


def programs(path: str) -> list[str]:
    """Return every different `docker` on a PATH, in its order."""
    found: dict[Path, str] = {}
    for folder in path.split(os.pathsep):
        place = Path(folder or ".") / "docker"
        if place.is_file() and os.access(place, os.X_OK):
            found.setdefault(place.resolve(), str(place))
    return list(found.values())


def _ask(argv: list[str], env: dict[str, str]) -> Completed | None:
    try:
        return run(argv, CommandOptions(env=env, timeout=_PATIENCE))
    except DriverError:  # a program that hangs or cannot run builds nothing either
        return None


def _number(text: str) -> tuple[int, int]:
    match = re.match(r"(\d+)\.(\d+)", text.strip())
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _buildx(text: str) -> str:
    """Return `buildx 0.13.1` from `github.com/docker/buildx v0.13.1 788433953a`, or nothing."""
    match = re.search(r"buildx v?(\S+)", text)
    return f"buildx {match[1]}" if match else ""


def _found(clients: list[Client]) -> str:
    if not clients:
        return "no docker CLI on the PATH reaches the engine; install docker with its buildx plugin"
    lines = [
        f"{client.program} ({'.'.join(map(str, client.version))}) has "
        f"{client.buildx or 'no buildx'}, its engine is {'.'.join(map(str, client.engine))}"
        for client in clients
    ]
    return "; ".join([*lines, "install the buildx plugin (docker-buildx)"])
