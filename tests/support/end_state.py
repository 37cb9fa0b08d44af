"""What a run leaves behind, in a form that two runs, commits and worlds can be compared by."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from support.cleaning import remove_containers
from support.looks import look_at_gateway
from support.scenario import Answer, World
from support.together import together

from gitops.drivers.gateway.header import unseal
from gitops.model.routes import Server

LABELS = ("gitops.kind", "gitops.name", "gitops.image", "gitops.revision", "gitops.port")


class End(NamedTuple):
    """What is on the engine, in the registry and in the gateway; hashes are left out."""

    containers: list[tuple[str, ...]]
    networks: list[str]
    volumes: list[str]
    """Less the versions of notes; see `histories`."""
    latest: bool
    """Whether `latest` is the image that every replica runs."""
    routes: list[str]
    """What the gateway's file serves; an address that is its container's own is told from others,
    but each network has another subnet, so it is not shown."""
    answer: Answer
    leases: list[str]
    remembered: bool
    """Whether the newest revision in the app's history is what every replica runs."""


def end_of(world: World) -> End:
    """Look at all that carries the project's name."""
    apps = [one["Labels"] for one in world.containers("hello")]
    volumes = sorted(_volumes(world))
    kept = [_plain(one, world) for one in volumes if not one.startswith("gitops-lease-")]
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
        sorted(set(kept)),
        {world.registry_digest()} == {labels["gitops.digest"] for labels in apps},
        _routes(world),
        world.ask(),
        [_plain(one, world) for one in volumes if one.startswith("gitops-lease-")],
        {newest_revision(world)} == {labels["gitops.config"] for labels in apps},
    )


def newest_revision(world: World, app: str = "hello") -> str:
    """Return the configuration hash of the newest revision in an app's history."""
    text = histories(world, app)[-1]["Labels"]["gitops.note.text"]
    return str(text.partition("\n")[0])


def histories(world: World, app: str = "hello") -> list[dict[str, Any]]:
    """Return the volumes that hold an app's history, the one that counts last.

    It is one volume. A kill between the writing of a new one and the removal of the old one leaves
    that too, until the next one is written; more than two are never there.
    """
    wanted = [f"gitops.project={world.project}", "gitops.note=history", f"gitops.note.name={app}"]
    found = world.engine.volumes({"label": wanted})["Volumes"] or ()
    assert len(found) in (1, 2), [one["Name"] for one in found]
    return sorted(found, key=lambda one: int(one["Labels"]["gitops.note.version"]))


def wipe(world: World) -> None:
    """Remove all that a project has on the engine, less its images."""
    remove_containers(world, [one["Id"] for one in world.containers()])
    together(world.engine.remove_network, [network["Id"] for network in _networks(world)])
    together(lambda name: world.engine.remove_volume(name, force=True), _volumes(world))


def _routes(world: World) -> list[str]:
    configuration = unseal(look_at_gateway(world).text)
    assert configuration is not None, "the gateway's file is not as gitops wrote it"
    addresses = {one["Names"][0].lstrip("/"): _address(one) for one in world.containers()}

    def told(server: Server) -> Server:
        own = server.address == addresses.get(server.container)
        return server if not own else server._replace(address="its own")

    routes = (
        route._replace(servers=tuple(map(told, route.servers))) for route in configuration.routes
    )
    return [_plain(str(route), world) for route in routes]


def _address(container: dict[str, Any]) -> str:
    (network,) = container["NetworkSettings"]["Networks"].values()
    return str(network["IPAddress"])


def _networks(world: World) -> list[dict[str, str]]:
    label = f"gitops.project={world.project}"
    return list(world.engine.networks(filters={"label": [label]}))


def _volumes(world: World) -> list[str]:
    names = [one["Name"] for one in world.engine.volumes()["Volumes"] or ()]
    return [name for name in names if world.project in name]


def _plain(text: str, world: World) -> str:
    text = text.replace(world.project, "PROJECT").replace(str(world.registry_port), "PORT")
    # How often something was noted depends on how often it was deployed.
    text = re.sub(r"^(PROJECT-note-.*)-\d+$", r"\1-VERSION", text)
    return re.sub(r"\b([0-9a-f]{40}|[0-9a-f]{24}|[0-9a-f]{8})\b", "HASH", text)
