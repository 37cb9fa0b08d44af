"""Finds out what can build on an engine: BuildKit where any docker CLI has it, else the engine."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from gitops.drivers.base import Ability, Builder, DriverError, ErrorKind
from gitops.drivers.builders.buildkit import BuildKit
from gitops.drivers.builders.docker_config import Endpoint, client_env, docker_config
from gitops.drivers.builders.memory import Memory, memory
from gitops.drivers.command import CommandOptions, Completed, run

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
    """A docker CLI on the PATH, and what it said.

    `platform` is the engine's; `exports` whether its BuildKit writes to registries by itself.
    """

    program: str
    version: tuple[int, int]
    engine: tuple[int, int]
    buildx: str
    platform: str = "linux/amd64"
    exports: bool = False


def choose_builder(
    endpoint: Endpoint, prefer: str, redact: Callable[[str], str], cache: Path | None = None
) -> Builder:
    """Return what builds on the engine. `prefer` is one of CHOICES.

    Every docker CLI on the PATH is asked, the first one often being one without its plugin; what
    they said is remembered in the folder `cache`. Raises MISSING when BuildKit is demanded and not
    there.
    """
    if prefer not in CHOICES:
        raise DriverError(
            ErrorKind.INVALID, f"{prefer!r} is not a builder", f"it is one of {', '.join(CHOICES)}"
        )
    found = programs(endpoint.environ.get("PATH", os.defpath)) if prefer != "engine" else []
    known = memory(cache, endpoint, found) if cache else Memory()
    clients = _recalled(known) or _told(endpoint, found, known)
    beside = partial(_engine_builder, endpoint, redact, "") if prefer == "auto" else None
    for client in clients:
        if client.engine >= _ENGINE_WITH_BUILDKIT and client.buildx:
            return _with_buildx(client, endpoint, redact)._replace(
                doubt=known.forget, beside=beside
            )
    for client in clients:
        old = client.version < _CLI_WITHOUT_BUILTIN and client.version >= _ENGINE_WITH_BUILDKIT
        if client.engine >= _ENGINE_WITH_BUILDKIT and old:
            name = f"BuildKit (docker {'.'.join(map(str, client.version))})"
            command = (client.program, "build")
            made = BuildKit(name, command, endpoint, redact, engine=client.platform)
            return made._replace(doubt=known.forget, beside=beside)
    if prefer == "buildkit":
        raise DriverError(ErrorKind.MISSING, "BuildKit cannot be used", _found(clients))
    return _engine_builder(endpoint, redact, "" if prefer == "engine" else WARNING)


def _with_buildx(client: Client, endpoint: Endpoint, redact: Callable[[str], str]) -> BuildKit:
    chosen = endpoint.environ.get("BUILDX_BUILDER", "") if client.exports else ""
    found = BuildKit(
        f"BuildKit (docker {client.buildx}{', builder ' if chosen else ''}{chosen})",
        (client.program, "buildx", "build"),
        endpoint,
        redact,
        engine=client.platform,
        builder=chosen,
    )
    more = {Ability.PLATFORMS} if client.exports else set()
    return found._replace(abilities=found.abilities | more)


def _engine_builder(endpoint: Endpoint, redact: Callable[[str], str], warning: str) -> Builder:
    from gitops.drivers.builders.classic import (  # noqa: PLC0415 - 110 ms, without BuildKit only
        ClassicBuilder,
    )

    return ClassicBuilder("the engine's own builder", endpoint, redact, warning)


def _recalled(known: Memory) -> list[Client]:
    try:
        return [_client_of(told) for told in known.recall() or ()]
    except (ValueError, TypeError):  # another version of this program has written it
        return []


def _client_of(told: list[object]) -> Client:
    program, version, engine, buildx, platform, exports = told
    texts = str(buildx), str(platform)
    return Client(str(program), _pair(version), _pair(engine), *texts, exports=bool(exports))


def _pair(value: object) -> tuple[int, int]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no version")
    first, second = value
    return int(first), int(second)


def _told(endpoint: Endpoint, found: Sequence[str], known: Memory) -> list[Client]:
    clients = list(_clients(endpoint, found)) if found else []
    # What somebody did not say, or an engine that was away, may be different the next time.
    if clients and len(clients) == len(found) and all(any(one.engine) for one in clients):
        known.keep(clients)
    return clients


def _clients(endpoint: Endpoint, found: Sequence[str]) -> Iterator[Client]:
    """Ask every docker CLI on the PATH for its version, its engine's, and its plugin's."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - rare: see builder_memory

    with docker_config(endpoint) as folder:
        env = client_env(endpoint, folder)
        own = endpoint.environ.get("BUILDX_CONFIG", "") or str(endpoint.home / "buildx")
        questions = [[program, *words] for program in found for words in _questions(endpoint)]
        # All at once: each takes as long as a program takes to start, and a build waits for them.
        with ThreadPoolExecutor(max(len(questions), 1)) as pool:
            told = list(pool.map(lambda argv: _ask(argv, env | {"BUILDX_CONFIG": own}), questions))
        size = len(questions) // max(len(found), 1)
        for number, program in enumerate(found):
            client = _client(program, told[number * size : (number + 1) * size])
            if client is not None:
                yield client


_FORMAT = "{{.Client.Version}}|{{.Server.Version}}|{{.Server.Os}}/{{.Server.Arch}}"


def _questions(endpoint: Endpoint) -> list[tuple[str, ...]]:
    """Return what each CLI is asked: versions, the plugin, the image store, the named builder."""
    named = endpoint.environ.get("BUILDX_BUILDER", "")
    return [
        ("version", "--format", _FORMAT),
        ("buildx", "version"),
        ("info", "--format", "{{.DriverStatus}}"),
        *([("buildx", "inspect", named)] if named else []),
    ]


def _client(program: str, answers: list[Completed | None]) -> Client | None:
    versions, plugin, store, *builders = answers
    if versions is None or versions.code:
        return None
    mine, engine, platform, *_ = [*versions.stdout.strip().split("|"), "", ""]
    return Client(
        program,
        _number(mine),
        _number(engine),
        _buildx(_said(plugin)),
        platform or "linux/amd64",
        _exports(_said(store), "".join(map(_said, builders))),
    )


def _said(answer: Completed | None) -> str:
    return answer.stdout if answer and not answer.code else ""


def _exports(store: str, builder: str) -> bool:
    """Say whether BuildKit can write caches and indexes to a registry by itself.

    The engine's own can where images lie in containerd's store; a builder of another driver can
    always (https://docs.docker.com/build/builders/drivers/).
    """
    driver = re.search(r"^Driver:\s*(\S+)", builder, re.MULTILINE)
    if driver and driver[1] != "docker":
        return True
    return "io.containerd.snapshotter" in store


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
