"""A corpus of task files, one folder each, run for real; `expect.yaml` says what must be seen."""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import docker
import pytest
from support.eventual import eventually
from support.process import COMMAND, TIMEOUT, Result
from support.scenario import World
from support.task_corpus import FILE, Expected, Seen, check, expectations

from gitops.store.store import Store

pytestmark = pytest.mark.scenario

CORPUS = Path(__file__).parent / "corpus"
CASES = sorted(path.name for path in CORPUS.iterdir() if path.is_dir())
OWN = "corpus-"
"""What the names of all images begin with that a task of the corpus builds."""


class Bench:
    """One case in a folder of its own, on the shared engine and registry."""

    def __init__(self, world: World, case: str, registry: str) -> None:
        self.world = world
        self.registry = registry
        self.folder = world.folder / "work"
        self.commit = ""
        shutil.copytree(CORPUS / case, self.folder)

    def run(self, wanted: Expected) -> Seen:
        """Run the case's task as a person would."""
        repo = self.world.repo() if wanted.git else None
        if repo is not None:
            paths = [path for path in self.folder.rglob("*") if path.is_file()]
            texts = {str(path.relative_to(self.folder)): path.read_text() for path in paths}
            self.commit = repo.commit(texts)
        places = {"<git>": repo.url if repo else "", "<registry>": self.registry}
        args = [_put(one, places) for one in (*wanted.args, *wanted.more)]
        arguments = ["run", *args, "--project", self.world.project]
        if wanted.registry:
            arguments += ["--registry", self.registry]
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env={**self.world.environ, **wanted.env},
            input=(self.folder / FILE).read_text() if wanted.stdin else "",
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        whole = f"gitops {' '.join(arguments)}"
        result = Result(whole, done.returncode, done.stdout, done.stderr)
        self.world.results.append(result)
        return self._seen(result)

    def left(self, run: str) -> list[str]:
        """Return what there is of a run on the engine."""
        engine, wanted = self.world.engine, {"label": [f"gitops.run={run}"]}
        volumes = engine.volumes(filters=wanted)["Volumes"] or []
        return [
            *(one["Names"][0] for one in engine.containers(all=True, filters=wanted)),
            *(one["Name"] for one in engine.networks(filters=wanted)),
            *(one["Name"] for one in volumes),
        ]

    def _seen(self, result: Result) -> Seen:
        match = re.search(r"^run (\w+)$", result.err, re.MULTILINE)
        name = match.group(1) if match else ""
        known = {"run": name, "registry": self.registry, "commit": self.commit}
        if not name:
            return Seen(result, None, {}, (), known)
        with Store(self.world.state / f"{self.world.project}.db") as store:
            runs = store.task_runs
            steps = {step.id: step for step in runs.steps(name)}
            return Seen(result, runs.find(name), steps, runs.images(name), known)


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    """Give the address of a registry that all cases share."""
    name = f"corpus-registry-{secrets.token_hex(4)}"
    engine = docker.APIClient(version="auto", timeout=60)
    host = engine.create_host_config(port_bindings={5000: ("127.0.0.1", None)})
    made = engine.create_container("registry:2", ports=[5000], host_config=host, name=name)
    try:
        engine.start(made)
        port = eventually(lambda: engine.port(made, 5000))[0]["HostPort"]
        yield f"localhost:{port}"
    finally:
        engine.remove_container(made, force=True, v=True)
        engine.close()


@pytest.fixture(params=CASES)
def bench(request: pytest.FixtureRequest, world: World, registry: str) -> Iterator[Bench]:
    """Give a case; the images of its runs and the names it gave to others are removed."""
    made = Bench(world, request.param, registry)
    names = [name for one in expectations(made.folder) for name in one.images]
    for name in names:
        world.engine.tag("busybox:latest", name, force=True)
    yield made
    for name in names:
        _removed(world, name)
    if "build:" in (made.folder / FILE).read_text():
        _remove_built(world, request.param)


def test_the_task_does_what_is_expected(bench: Bench) -> None:
    """Every task of the corpus ends as expected, says what is expected, and leaves nothing."""
    for wanted in expectations(bench.folder):
        seen = bench.run(wanted)
        check(wanted, seen)
        if seen.run is not None:
            assert bench.left(seen.run.id) == [], str(seen.result)


def _remove_built(world: World, case: str) -> None:
    """Remove the images of a case, which bear its name or the id of a run."""
    runs = re.findall(r"^run (\w+)$", "".join(one.err for one in world.results), re.MULTILINE)
    for image in world.engine.images():
        for tag in image["RepoTags"] or ():
            if f"{OWN}{case}" in tag or any(run in tag for run in runs):
                _removed(world, tag)


def _removed(world: World, image: str) -> None:
    try:
        world.engine.remove_image(image, force=True)
    except docker.errors.ImageNotFound:
        return


def _put(text: str, places: Mapping[str, str]) -> str:
    for name, value in places.items():
        text = text.replace(name, value)
    return text
