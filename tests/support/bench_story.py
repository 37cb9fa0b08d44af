"""The standard story with the test application in place of a page, and a storm on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.bench_app import dockerfile
from support.scenario import World
from support.storm import FIVE_HUNDRED, Aim, Shape, Storm

READY_AFTER = 0.3
"""Seconds for which a new container listens and is not ready: requests in that time would tell."""

HEALTH = {"path": "/healthz", "stableFor": "0s", "interval": "50ms"}
"""Only the path tells that the application is ready: it takes connections at once."""

LIGHT = Shape(busy=2, rate=40.0, slow=0, single=1, single_rate=20.0)
"""A few requests, which notice all the same when an app is away."""


def commit(world: World, version: str, **environ: object) -> str:
    """Commit a version of the test application; return the commit."""
    text = dockerfile(version, **{"READY_AFTER": READY_AFTER, **environ})
    return world.repo().commit({"Dockerfile": text}, version)


def write(world: World, *more: dict[str, Any], **app: object) -> Path:
    """Write the story of `hello` with these fields of the app, and more documents."""
    return world.documents(*world.base(), *hello(world, app), *more)


def hello(world: World, app: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return repository, build task and app of `hello`."""
    fields = dict(app)
    health = {**HEALTH, **fields.pop("health", {})}
    deploy = fields.pop("deploy", {})
    return world.story(app=fields, health=health, deploy=deploy)


def storm(world: World, shape: Shape = FIVE_HUNDRED, host: str = "hello.localhost") -> Storm:
    """Return a storm on an app of the world."""
    return Storm(Aim(world.gateway_port, host), shape)
