"""Takes away what a scenario made, and keeps what tells why it failed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

import docker
from support.scenario import World
from support.together import together


def clean(world: World) -> None:
    """Remove every container, network, volume and image of the world's project."""
    for running in world.started:
        running.stop()
    remove_containers(world, [*(one["Id"] for one in world.containers()), *world.strangers])
    together(lambda clean: clean(world), (_clean_networks, _clean_volumes, _clean_images))
    world.engine.close()


def remove_containers(world: World, names: Iterable[str]) -> None:
    """Remove containers, all at once: the engine takes 0.2 s for each, most of it waiting."""

    def remove(name: str) -> None:
        with contextlib.suppress(docker.errors.NotFound):
            world.engine.remove_container(name, force=True, v=True)

    together(remove, names)


def _clean_networks(world: World) -> None:
    label = f"gitops.project={world.project}"
    for network in world.engine.networks(filters={"label": [label]}):
        world.engine.remove_network(network["Id"])


def _clean_volumes(world: World) -> None:
    for volume in world.engine.volumes()["Volumes"] or ():
        labels = volume["Labels"] or {}
        if world.project in (labels.get("gitops.project"), labels.get("gitops.lease")):
            world.engine.remove_volume(volume["Name"], force=True)


def _clean_images(world: World) -> None:
    """Remove the images that were built for the world's registry."""
    for image in world.engine.images(filters={"reference": f"localhost:{world.registry_port}/*"}):
        for name in [*(image["RepoTags"] or ()), *(image["RepoDigests"] or ())]:
            if f":{world.registry_port}/" in name:
                with contextlib.suppress(docker.errors.ImageNotFound):
                    world.engine.remove_image(name, force=True)


def keep(world: World, folder: Path) -> None:
    """Write down what happened: commands with their output, container logs, the plan."""
    folder.mkdir(parents=True, exist_ok=True)
    told = [str(result) for result in world.results]
    told += [f"$ {running.command} &\n{running.text}" for running in world.started]
    (folder / "commands.txt").write_text("\n".join(told))
    for path in sorted(world.specs.rglob("*.yaml")):
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    for container in world.containers():
        name = container["Names"][0].lstrip("/")
        log = world.engine.logs(container["Id"], tail=200)
        (folder / f"{name}.log").write_bytes(log)
        (folder / f"{name}.txt").write_text(str(world.engine.inspect_container(container["Id"])))
    (folder / "plan.txt").write_text(str(world.gitops("plan", ok=None)))
