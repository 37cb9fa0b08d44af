"""Obligation: a second machine with the same registry reuses the shared cache of builds."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.own_engine import OwnEngine, why_not
from support.process import run
from support.scenario import World, document

pytestmark = [pytest.mark.scenario, pytest.mark.xdist_group("own-engine")]

FILES = {
    "Dockerfile": "FROM busybox AS tools\n"
    "COPY tool.txt /tool.txt\n"
    "RUN cat /proc/sys/kernel/random/uuid > /tool\n"
    "FROM busybox\n"
    "COPY --from=tools /tool /tool\n"
    "COPY page /page\n",
    "tool.txt": "made of this\n",
    "page": "one\n",
}
"""What the first stage makes is another thing each time: the same content was not made again."""


@pytest.fixture(scope="module")
def own_engine() -> Iterator[OwnEngine]:
    """Give an engine whose caches are the test's to drop."""
    missing = why_not()
    if missing:
        pytest.skip(missing)
    made = OwnEngine("400m")
    try:
        made.load()
        yield made
    finally:
        made.close()


def another_machine(own_engine: OwnEngine, world: World) -> None:
    """Make the engine and the user's folders as those of a machine that has never built this."""
    server = f"localhost:{world.registry_port}/"
    for image in own_engine.client.images():
        for name in image["RepoTags"] or ():
            if name.startswith(server):
                own_engine.client.remove_image(name, force=True)
    own_engine.client.prune_images({"dangling": True})
    docker(own_engine, "builder", "prune", "--all", "--force")
    assert not own_engine.client.df()["BuildCache"]
    for folder in (world.state, world.cache):
        shutil.rmtree(folder)


def docker(own_engine: OwnEngine, *words: str) -> str:
    """Return what the docker CLI prints of that engine."""
    environ = {**os.environ, "DOCKER_HOST": own_engine.address}
    done = subprocess.run(
        [*own_engine.within, "docker", *words], env=environ, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


@pytest.mark.parametrize("builder", ["buildkit", "engine"])
def test_a_second_machine(own_engine: OwnEngine, tmp_path: Path, builder: str) -> None:
    """On another machine nothing is built again, and a change keeps the layers of each stage."""
    world = own_engine.world(tmp_path)
    world.environ["GITOPS_BUILDER"] = builder
    world.repo().commit(FILES)
    world.documents(
        *world.base(),
        document("Repository", "app", {"registry": "local"}),
        document(
            "BuildTask",
            "app",
            {"repository": "app", "source": {"git": {"url": world.repo().url}}},
        ),
    )
    image = f"localhost:{world.registry_port}/app"
    world.gitops("reconcile")
    tool = docker(own_engine, "run", "--rm", f"{image}:latest", "cat", "/tool")

    another_machine(own_engine, world)
    world.gitops("plan", "--detailed-exitcode")
    world.gitops("reconcile")
    assert not [name for name in own_engine.client.images(name=image) if name["RepoTags"]]

    world.repo().commit({"page": "two\n"})
    world.gitops("reconcile")
    digest = docker(own_engine, "images", "--quiet", f"{image}:gitops-*").split()
    assert len(digest) == 1
    made = docker(own_engine, "run", "--rm", digest[0], "cat", "/tool", "/page")
    assert made == f"{tool}\ntwo"

    world.repo().commit({"tool.txt": "made of that\n"})
    world.gitops("reconcile")
    docker(own_engine, "pull", "--quiet", f"{image}:latest")
    assert tool not in docker(own_engine, "run", "--rm", f"{image}:latest", "cat", "/tool")
    world.gitops("down", "--volumes")


def test_the_engines_cache_is_kept_within_its_budget(own_engine: OwnEngine, tmp_path: Path) -> None:
    """After a build, what no image uses of the cache is within GITOPS_BUILD_CACHE, or it is off."""
    world = own_engine.world(tmp_path)
    folder = tmp_path / "work"
    folder.mkdir()

    def build(number: int, budget: str) -> str:
        (folder / "Dockerfile").write_text(
            f"FROM busybox\nRUN head -c 10000000 /dev/urandom > /{number}\n"
        )
        world.environ["GITOPS_BUILD_CACHE"] = budget
        words = ["build", ".", "-t", f"budget:{number}", "--no-push", "--project", world.project]
        result = run(words, world.environ, folder, own_engine.within)
        assert result.code == 0, str(result)
        return result.text

    def size() -> int:
        parts = own_engine.client.df()["BuildCache"]
        return sum(part["Size"] for part in parts if not part["Shared"])

    for number in (1, 2):
        assert "over its budget" not in build(number, "off")
        own_engine.client.remove_image(f"budget:{number}", force=True)
    assert size() > 20_000_000
    assert "MiB were freed" in build(3, "15Mi")
    assert size() <= 15 << 20
    assert "over its budget" not in build(3, "15Mi")
