"""Takes away what a scenario made, and keeps what tells why it failed."""

from __future__ import annotations

import contextlib
from pathlib import Path

import docker
from support.scenario import World


def clean(world: World) -> None:
    """Remove every container, network, volume and image of the world's project."""
    for running in world.started:
        running.stop()
    engine = world.engine
    for container in [*(one["Id"] for one in world.containers()), *world.strangers]:
        with contextlib.suppress(docker.errors.NotFound):
            engine.remove_container(container, force=True, v=True)
    label = f"gitops.project={world.project}"
    for network in engine.networks(filters={"label": [label]}):
        engine.remove_network(network["Id"])
    for volume in engine.volumes()["Volumes"] or ():
        labels = volume["Labels"] or {}
        if world.project in (labels.get("gitops.project"), labels.get("gitops.lease")):
            engine.remove_volume(volume["Name"], force=True)
    _clean_images(world)
    engine.close()


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
