"""What a run leaves behind, in a form that two runs, commits and worlds can be compared by."""

from __future__ import annotations

import contextlib
import re
from typing import NamedTuple

import docker
from support.looks import look_at_gateway
from support.scenario import Answer, World

LABELS = ("gitops.kind", "gitops.name", "gitops.image", "gitops.revision", "gitops.port")


class End(NamedTuple):
    """What is on the engine, in the registry and in the gateway; hashes are left out."""

    containers: list[tuple[str, ...]]
    networks: list[str]
    volumes: list[str]
    latest: bool
    """Whether `latest` is the image that runs."""
    routes: list[str]
    answer: Answer
    leases: list[str]


def end_of(world: World) -> End:
    """Look at all that carries the project's name."""
    app = world.container("WebApp", "hello")
    volumes = sorted(_volumes(world))
    text = look_at_gateway(world).text
    return End(
        sorted(
            (
                _plain(one["Names"][0], world),
                one["State"],
                *(_plain(one["Labels"].get(label, ""), world) for label in LABELS),
            )
            for one in world.containers()
        ),
        sorted(_plain(one["Name"], world) for one in _networks(world)),
        [_plain(one, world) for one in volumes if not one.startswith("gitops-lease-")],
        world.registry_digest() == app["Labels"]["gitops.digest"],
        [_plain(line, world) for line in text.splitlines() if line.startswith("# gitops-route")],
        world.ask(),
        [_plain(one, world) for one in volumes if one.startswith("gitops-lease-")],
    )


def wipe(world: World) -> None:
    """Remove all that a project has on the engine, less its images."""
    for one in world.containers():
        with contextlib.suppress(docker.errors.NotFound):
            world.engine.remove_container(one["Id"], force=True, v=True)
    for network in _networks(world):
        world.engine.remove_network(network["Id"])
    for volume in _volumes(world):
        world.engine.remove_volume(volume, force=True)


def _networks(world: World) -> list[dict[str, str]]:
    label = f"gitops.project={world.project}"
    return list(world.engine.networks(filters={"label": [label]}))


def _volumes(world: World) -> list[str]:
    names = [one["Name"] for one in world.engine.volumes()["Volumes"] or ()]
    return [name for name in names if world.project in name]


def _plain(text: str, world: World) -> str:
    text = text.replace(world.project, "PROJECT").replace(str(world.registry_port), "PORT")
    return re.sub(r"\b([0-9a-f]{40}|[0-9a-f]{24}|[0-9a-f]{8})\b", "HASH", text)
