"""A one-node Swarm on an engine of its own, and a service on it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from containers import APP, APP_PORT
from support.own_engine import OwnEngine
from workspace import Workspace

DISK = "1g"
SERVICE = "swarmed"


@contextmanager
def engine(space: Workspace) -> Iterator[tuple[OwnEngine, Workspace]]:
    """Give an engine with our images, and a workspace whose commands ask it; all of it goes."""
    own = OwnEngine(DISK)
    with contextlib.closing(own):
        own.load()
        yield own, space._replace(env={**space.env, "DOCKER_HOST": own.address})


def start(space: Workspace, replicas: int, health: Sequence[str]) -> None:
    """Make the engine a Swarm, and start a service that is as careful as an app of ours is.

    It publishes no port and has no virtual address: a kernel without IPVS has neither.
    """
    space.run(["docker", "swarm", "init", "--advertise-addr", "127.0.0.1"])
    command = f"wget -q -O /dev/null http://127.0.0.1:{APP_PORT}/healthz"
    update = ["--update-order", "start-first", "--update-parallelism", "1"]
    update += ["--update-failure-action", "rollback", "--stop-grace-period", "1s"]
    what = ["--name", SERVICE, "--replicas", str(replicas), "--endpoint-mode", "dnsrr"]
    what += ["--health-cmd", command, *health, *update, "--no-resolve-image", "--quiet"]
    what += ["--env", "VERSION=none"]
    space.run(["docker", "service", "create", *what, APP])


def update(space: Workspace, version: str) -> None:
    """Give the service another environment; returns when Swarm says that it has converged."""
    what = ["--env-add", f"VERSION={version}", "--no-resolve-image", "--quiet", SERVICE]
    space.run(["docker", "service", "update", *what])
