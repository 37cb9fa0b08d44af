"""Obligation: triggers start as many runs as are needed, in order, and never lead back in time."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from time import sleep
from typing import Any, NamedTuple

import pytest
from support.eventual import eventually
from support.scenario import DOCKERFILE, Answer, World, free_port

pytestmark = pytest.mark.scenario

SLOW = "RUN sleep 1\n"
SERVING = 'CMD ["httpd", "-f", "-p", "8000", "-h", "/www"]\n'


def task_runs(world: World, *filters: str) -> list[dict[str, Any]]:
    """Return the runs of tasks, the latest last, each with its steps and images."""
    kind = ("--kind", "task", "--limit", "100", "-o", "json")
    listed = json.loads(world.gitops("runs", *kind, *filters).out)
    return [json.loads(world.gitops("runs", one["id"], "-o", "json").out) for one in listed][::-1]


def git(folder: Path, *arguments: str) -> str:
    """Run git; return what it says."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Poller:
    """Asks for `latest` by HEAD all the time; `shown` is every digest in the order it was seen."""

    def __init__(self, world: World) -> None:
        self.shown: list[str] = []
        self.asked = 0
        self._world = world
        self._end = Event()
        self._thread = Thread(target=self._poll, daemon=True)
        self._thread.start()

    def _poll(self) -> None:
        while not self._end.wait(0.02):
            digest = self._world.registry_digest()
            self.asked += 1
            if digest and self.shown[-1:] != [digest]:
                self.shown.append(digest)

    def stop(self) -> None:
        """Ask no more."""
        self._end.set()
        self._thread.join()


def prepared(world: World, slow: str) -> list[str]:
    """Push ten commits that no branch leads to yet; return them in their order."""
    repo = world.repo()
    git(repo.work, "checkout", "--quiet", "--detach")
    commits = []
    for number in range(10):
        (repo.work / "Dockerfile").write_text(DOCKERFILE.replace("EXPOSE", f"{slow}EXPOSE"))
        (repo.work / "index.html").write_text(f"commit {number}\n")
        git(repo.work, "commit", "--quiet", "--all", "--message", f"commit {number}")
        commits.append(git(repo.work, "rev-parse", "HEAD"))
    git(repo.work, "push", "--quiet", "origin", "HEAD:refs/staged/all")
    return commits


@pytest.mark.timed
@pytest.mark.parametrize(("interval", "slow"), [("200ms", SLOW), ("1s", "")])
def test_ten_commits_in_a_second(world: World, interval: str, slow: str) -> None:
    """Of ten commits in a second the last is built, and at most one other; `latest` only grows."""
    world.hello(task={"interval": interval})
    first = world.repo().head
    commits = prepared(world, slow)
    watch = world.start("watch")
    watch.wait_line("in sync: ", timeout=60)
    poller = Poller(world)
    for commit in commits:
        git(world.repo().bare, "update-ref", "refs/heads/main", commit)
        sleep(0.1)  # the spacing of the commits is what is tested
    eventually(lambda: world.ask() == Answer(200, "commit 9\n"), 40, "the last commit is served")
    poller.stop()
    watch.interrupt()
    assert watch.wait() == 0, watch.text
    runs = task_runs(world)
    made = [run["commit"] for run in runs if run["status"] == "Succeeded"]
    assert made[0] == first
    assert made[-1] == commits[-1]
    assert len(made) <= 3, "the one of before, the last one, and at most one other"
    assert {run["status"] for run in runs} <= {"Succeeded", "Canceled"}
    assert all(run["ended"] for run in runs)
    order = {image["digest"]: made.index(run["commit"]) for run in runs for image in run["images"]}
    shown = [order[digest] for digest in poller.shown]
    assert poller.asked > 20
    assert shown == sorted(set(shown)), "a digest came back after a newer one"
    assert shown[-1] == len(made) - 1


class Bases(NamedTuple):
    """A registry beside that of the project, in which base images are kept."""

    world: World
    port: int
    container: str

    @property
    def base(self) -> str:
        """The name that Dockerfiles build on."""
        return f"localhost:{self.port}/base:1"

    def push(self, text: str) -> str:
        """Move the base image's tag to another image; return its digest."""
        recipe = f"FROM busybox\nRUN mkdir /www && echo {text} > /www/base.html\n".encode()
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            head = tarfile.TarInfo("Dockerfile")
            head.size = len(recipe)
            tar.addfile(head, io.BytesIO(recipe))
        packed.seek(0)
        engine = self.world.engine
        lines = engine.build(
            fileobj=packed, custom_context=True, tag=self.base, rm=True, decode=True
        )
        assert not [line for line in lines if "error" in line]
        pushed = list(engine.push(self.base, stream=True, decode=True))
        # What is local is gone: a build has to take what the registry has.
        engine.remove_image(self.base, force=True)
        return next(str(one["aux"]["Digest"]) for one in pushed if "aux" in one)


@pytest.fixture
def bases(world: World) -> Iterator[Bases]:
    """Give a registry that gitops does not manage."""
    engine, port = world.engine, free_port()
    host = engine.create_host_config(port_bindings={5000: ("127.0.0.1", port)})
    name = f"{world.project}-bases"
    made = engine.create_container("registry:2", ports=[5000], host_config=host, name=name)
    try:
        engine.start(made)
        yield Bases(world, port, made["Id"])
    finally:
        engine.remove_container(made, force=True, v=True)
        for image in engine.images(filters={"reference": f"localhost:{port}/*"}):
            engine.remove_image(image["Id"], force=True)


def chain(world: World, bases: Bases) -> None:
    """Write four tasks: `a` builds on the base image, `b` on the image of `a`, `c` on neither.

    `d` builds on the base image as well, in a step.
    """
    recipes = {
        "a": f"FROM {bases.base}\nRUN echo a >> /www/base.html\n",
        "b": f"FROM localhost:{world.registry_port}/a\nEXPOSE 8000\nSTOPSIGNAL SIGKILL\n{SERVING}",
        "c": "FROM busybox\nRUN echo c > /c\n",
        "d": "ARG BASE\nFROM $BASE\nRUN echo d >> /www/base.html\n",
    }
    documents = [*world.base()]
    documents.append(world.document("Registry", "bases", {"server": f"localhost:{bases.port}"}))
    for name, recipe in recipes.items():
        folder = world.specs / f"src-{name}"
        folder.mkdir()
        (folder / "Dockerfile").write_text(recipe)
        task: dict[str, Any] = {"repository": name, "source": {"path": f"./src-{name}"}}
        if name == "d":
            build = f"--build-arg BASE={bases.base} -t $Registry/d:$ID ."
            task["steps"] = [{"build": build}, {"push": ["$Registry/d:$ID"]}]
        documents.append(world.document("Repository", name, {"registry": "local"}))
        documents.append(world.document("BuildTask", name, task))
    app = {"image": {"repository": "b"}, "host": "b.localhost", **world.quick}
    app["health"] = {**app["health"], "path": "/base.html"}
    documents.append(world.document("WebApp", "b", app))
    world.documents(*documents)


def test_a_base_image_moves(world: World, bases: Bases) -> None:
    """A base that moves rebuilds what depends on it, in order, once; one out of sight nothing."""
    eventually(lambda: bases.push("one"), 20, "the registry takes the base image")
    chain(world, bases)
    world.gitops("reconcile")
    assert world.ask("b.localhost", "/base.html") == Answer(200, "one\na\n")
    before = {name: world.registry_digest(name) for name in "abcd"}
    assert len(task_runs(world)) == 4

    digest = bases.push("two")
    world.gitops("reconcile")
    assert world.ask("b.localhost", "/base.html") == Answer(200, "two\na\n")
    again = {run["task"]: run for run in task_runs(world)[4:]}
    assert sorted(again) == ["a", "b", "d"]
    assert again["a"]["ended"] <= again["b"]["started"], "in order"
    for run in again.values():
        assert [cause["kind"] for cause in run["causes"]] == ["BASE_IMAGE"]
    for name in "ad":
        assert bases.base in again[name]["causes"][0]["text"]
        assert digest.removeprefix("sha256:")[:8] in again[name]["causes"][0]["text"]
    assert again["d"]["bases"] == {bases.base: digest}, "pinned to what was seen"
    after = {name: world.registry_digest(name) for name in "abcd"}
    assert [name for name in "abcd" if before[name] != after[name]] == ["a", "b", "d"]
    assert len(task_runs(world, "--cause", "BASE_IMAGE")) == 3

    assert "0 steps" in world.gitops("reconcile").text
    assert len(task_runs(world)) == 7, "once"

    containers = world.ids()
    world.engine.stop(bases.container, timeout=0)
    for _ in range(2):
        world.gitops("reconcile", ok=None)
        assert len(task_runs(world)) == 7, "nothing is rebuilt while the registry is away"
        assert world.ids() == containers
    assert world.ask("b.localhost", "/base.html") == Answer(200, "two\na\n")
