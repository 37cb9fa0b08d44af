"""Runs tasks by the command line, and looks at what they left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import docker
from support.process import Result, Running, run
from support.scenario import World


class Quick:
    """`gitops run` in a folder of its own, and what it leaves on the engine."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.folder = world.folder / "work"
        self.folder.mkdir()

    def write(self, name: str, text: str) -> Path:
        """Write a file of the folder."""
        path = self.folder / name
        path.write_text(text)
        return path

    def gitops(self, *arguments: str) -> Result:
        """Give any command in the folder."""
        whole = [*arguments, "--project", self.world.project]
        result = run(whole, self.world.environ, self.folder, ())
        self.world.results.append(result)
        return result

    def run(self, *arguments: str, code: int = 0) -> Result:
        """Run a task, and look that nothing of it is left."""
        result = self.gitops("run", *arguments)
        assert result.code == code, str(result)
        assert self.left() == []
        return result

    def start(self, *arguments: str) -> Running:
        """Begin to run a task."""
        whole = ["run", *arguments, "--project", self.world.project]
        running = Running(whole, self.world.environ, self.folder)
        self.world.started.append(running)
        return running

    def record(self, run: str) -> dict[str, Any]:
        """Return what is remembered of a run."""
        told = self.gitops("runs", "show", run, "-o", "json")
        assert told.code == 0, str(told)
        found: dict[str, Any] = json.loads(told.out)
        return found

    def left(self) -> list[str]:
        """Return the containers, networks and volumes of the project's runs."""
        engine = self.world.engine
        wanted = {"label": [f"gitops.run.project={self.world.project}"]}
        volumes = engine.volumes(filters=wanted)["Volumes"] or []
        return [
            *(one["Names"][0] for one in engine.containers(all=True, filters=wanted)),
            *(one["Name"] for one in engine.networks(filters=wanted)),
            *(one["Name"] for one in volumes),
        ]

    def remove_images(self) -> None:
        """Remove the images that runs have built under names with the project's in them."""
        engine = self.world.engine
        for image in engine.images():
            for tag in image["RepoTags"] or ():
                if self.world.project in tag:
                    try:
                        engine.remove_image(tag, force=True)
                    except docker.errors.ImageNotFound:
                        continue


def run_of(running: Running) -> str:
    """Return the id of a run that was begun."""
    return running.wait_line(r"^run r[0-9a-z]{11}$").split()[1]
