"""Obligation: a pull request of a stranger reaches nothing but its own tag."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from drivers.git_server import git_server
from support.cleaning import clean
from support.pull_attacks import (
    DOCKERFILE,
    MAIN,
    MOUNTED,
    NUMBERS,
    PASSWORD,
    SECRET,
    TRIES,
    Try,
)
from support.repo import Repo
from support.scenario import World

pytestmark = [pytest.mark.scenario, pytest.mark.xdist_group("pull requests")]


class Shop(NamedTuple):
    """What came of it: the runs by their task's name, and the world after them."""

    world: World
    runs: Mapping[str, dict[str, Any]]
    before: Mapping[str, str]
    told: str

    def said(self, name: str) -> str:
        """Return what a run says of itself, and its log."""
        run = self.runs[name]
        return f"{run['message']}\n{self.world.gitops('logs', run['id'], ok=None).text}"


def git(folder: Path, *arguments: str) -> str:
    """Run git; return what it says."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def propose(repo: Repo, number: int, files: Mapping[str, str], links: Mapping[str, str]) -> None:
    """Push a pull request that changes some files."""
    git(repo.work, "checkout", "--quiet", "--detach", "main")
    for name, text in files.items():
        (repo.work / name).write_text(text)
    for name, target in links.items():
        (repo.work / name).symlink_to(target)
    git(repo.work, "add", "--all")
    git(repo.work, "commit", "--quiet", "--message", f"pull {number}")
    git(repo.work, "push", "--quiet", "origin", f"HEAD:refs/pull/{number}/head")


def task_text(attempt: Try, facts: Mapping[str, str], number: int) -> str:
    """Return the task file of a pull request."""
    name = f"$Registry/shop:pr-{number}"
    own = f"  - id: own\n    build: -t {name} -f Own .\n  - id: out\n    push: ['{name}']\n"
    text = f"version: v1.1.0\n{attempt.head}steps:\n{attempt.steps}{own}"
    for key, value in {**facts, "number": str(number)}.items():
        text = text.replace(f"%({key})s", value)
    return text


def write_specs(world: World, url: str, plain_url: str) -> None:
    """Write a task whose file is in the repository, and that has all that a stranger may want."""
    source = {
        "url": url,
        "ref": {"branch": "main"},
        "credentials": {"username": "ci", "password": {"env": "GIT_TOKEN"}},
    }
    pulls = {"pullRequest": {"enabled": True, "limit": 100}}
    secrets = {"token": {"env": "TASK_TOKEN"}}
    shop = {
        "repository": "shop",
        "source": {"git": source},
        "taskFile": "acr-task.yaml",
        "secrets": secrets,
        "dockerSocket": True,
        "triggers": pulls,
    }
    plain = {
        "repository": "plain",
        "source": {"git": {"url": plain_url, "ref": {"branch": "main"}}},
        "secrets": secrets,
        "triggers": pulls,
    }
    world.documents(
        *world.base(),
        world.document("Repository", "shop", {"registry": "local"}),
        world.document("BuildTask", "shop", shop),
        world.document("Repository", "plain", {"registry": "local"}),
        world.document("BuildTask", "plain", plain),
    )
    world.environ |= {"GIT_TOKEN": PASSWORD, "TASK_TOKEN": SECRET}


def tags(world: World) -> dict[str, str]:
    """Return what the branches' own tags point to, here and in the registry."""
    images = world.engine.images()
    local = {name: one["Id"] for one in images for name in one["RepoTags"] or ()}
    names = [name for name in local if f":{world.registry_port}/" in name and ":pr-" not in name]
    far = {f"{name}:latest": world.registry_digest(name) for name in ("shop", "plain")}
    return {**far, **{name: local[name] for name in sorted(names)}}


def known(world: World) -> dict[str, str]:
    """Return what an insider knows: the registry's container and address, the image's name."""
    found = world.container("Registry", "local")
    (place,) = found["NetworkSettings"]["Networks"].values()
    (run,) = listed(world, "--task", "shop")
    return {
        "project": world.project,
        "container": found["Id"],
        "network": f"{world.project}-gitops",
        "registry": place["IPAddress"],
        "port": str(world.registry_port),
        "fingerprint": f"gitops-{run['fingerprint'][:24]}",
    }


def listed(world: World, *filters: str) -> list[dict[str, Any]]:
    """Return the runs of tasks."""
    kind = ("--kind", "task", "--limit", "200", "-o", "json")
    found: list[dict[str, Any]] = json.loads(world.gitops("runs", *kind, *filters).out)
    return found


SUMMED = (
    "RUN --mount=type=secret,id=token (cat /run/secrets/token || echo none) | sha256sum > /sum\n"
)
"""What a branch makes of its secret; a stranger who writes the same must not get its layer."""
KEEPS = "RUN --mount=type=cache,id=keep,target=/keep"
PLAIN = {
    1: "FROM busybox\nRUN echo a stranger\n",
    2: MOUNTED,
    3: "FROM busybox\nRUN --mount=type=secret,id=token test ! -s /run/secrets/token\n",
    4: "FROM busybox\nRUN --security=insecure id\n",
    5: "FROM busybox\nRUN --network=host id\n",
    6: "FROM busybox\nCOPY ../../../etc/passwd /x\nRUN ! grep root /x\n",
    7: "FROM busybox\nCOPY out /x\nRUN ! grep root /x/passwd\n",
    8: f"FROM busybox\n{KEEPS} echo poison > /keep/pip\n",
    9: f"FROM busybox\n{KEEPS} ! ls /keep/pip\n",
    10: f"FROM busybox\n{KEEPS} ! ls /keep/branch\n",
    11: "# syntax=busybox:latest\nFROM busybox\n",
    12: "FROM busybox\nADD http://127.0.0.1:1/x /x\n",
    13: f"FROM busybox\n{SUMMED}RUN echo none | sha256sum | cmp - /sum\n",
}
"""Dockerfiles of pull requests, by number; those of `GOOD` end well, others may not."""
GOOD = {1, 3, 8, 9, 10, 13}


def assert_summed(world: World) -> None:
    """See that the branch had its secret."""
    image = f"localhost:{world.registry_port}/plain:latest"
    engine = world.engine
    engine.pull(image)
    made = engine.create_container(image, command="cat /sum")
    try:
        engine.start(made)
        engine.wait(made)
        assert hashlib.sha256(SECRET.encode()).hexdigest() in engine.logs(made).decode()
    finally:
        engine.remove_container(made, force=True)


def made(world: World) -> Shop:
    """Build both branches, then all pull requests, in one run of `reconcile`."""
    repo, plain = world.repo(), Repo(world.folder / "plain")
    with git_server(world.folder / "git", "ci", PASSWORD) as server:
        write_specs(world, f"{server.url}/origin.git", plain.url)
        repo.commit(
            {"acr-task.yaml": MAIN, "Dockerfile": DOCKERFILE, "Own": DOCKERFILE, "page.txt": "1\n"}
        )
        plain.commit(
            {
                "Dockerfile": f"FROM busybox\n{SUMMED}{KEEPS} touch /keep/branch\n",
                "page.txt": "",
            }
        )
        world.gitops("reconcile")
        assert_summed(world)
        facts, before = known(world), tags(world)
        for name, attempt in TRIES.items():
            number = NUMBERS[name]
            text = task_text(attempt, facts, number)
            files = {k: v % facts if "%(" in v else v for k, v in attempt.files.items()}
            propose(repo, number, {"acr-task.yaml": text, **files}, attempt.links)
        for number, text in PLAIN.items():
            propose(plain, number, {"Dockerfile": text}, {"out": "/etc"} if number == 7 else {})
        told = world.gitops("reconcile", ok=None).text
    runs = {run["task"]: run for run in listed(world)}
    return Shop(world, runs, before, told)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Give the world after all of it."""
    world = World(tmp_path_factory.mktemp("pulls"))
    try:
        yield made(world)
    finally:
        clean(world)


@pytest.mark.parametrize("name", TRIES)
def test_a_task_of_a_stranger(shop: Shop, name: str) -> None:
    """What a pull request's task tries is refused for what it is, or comes to nothing."""
    attempt, number = TRIES[name], NUMBERS[name]
    run = shop.runs[f"shop@pr-{number}"]
    said = run["message"]
    said = said if re.search(attempt.says, said) else shop.said(run["task"])
    assert [cause["kind"] for cause in run["causes"]] == ["PULL_REQUEST"]
    assert (run["status"] == "Succeeded") == attempt.harmless, said
    assert re.search(attempt.says, said), said
    pushed = shop.world.registry_digest("shop", f"pr-{number}")
    assert bool(pushed) == attempt.harmless


@pytest.mark.parametrize("number", PLAIN)
def test_a_dockerfile_of_a_stranger(shop: Shop, number: int) -> None:
    """A Dockerfile of a pull request gets no secret, no rights, and no file of the machine."""
    run = shop.runs[f"plain@pr-{number}"]
    good = number in GOOD
    assert (run["status"] == "Succeeded") == good, run["message"]
    assert bool(shop.world.registry_digest("plain", f"pr-{number}")) == good


def test_the_branches_are_as_before(shop: Shop) -> None:
    """Nothing that belongs to the branches has moved, here or in the registry."""
    after, runs = tags(shop.world), {run["id"] for run in shop.runs.values()}
    new = [name for name in after if name not in shop.before]
    assert {name: after[name] for name in shop.before} == shop.before
    assert [name for name in new if name.rpartition(":")[2] not in runs] == []
    assert shop.before["shop:latest"]
    assert shop.before["plain:latest"]
    assert shop.world.registry_digest("other", "pr-7") == ""
    longer = [f"pr-{number}0" for number in NUMBERS.values()]
    assert [tag for tag in longer if shop.world.registry_digest("shop", tag)] == []
    base = f"{shop.world.project}-base"
    assert shop.world.engine.images(name=base) == []


def test_no_secret_is_seen(shop: Shop) -> None:
    """No secret is in what was told, in a log, or in what is remembered."""
    curious = ("template", "build-secret", "variables", "mounted-secret", "host-secret")
    logs = [shop.said(f"shop@pr-{NUMBERS[name]}") for name in curious]
    places = [shop.told, *logs, *(shop.said(f"plain@pr-{number}") for number in (2, 3))]
    kept = [path for path in shop.world.state.rglob("*") if path.is_file()]
    for secret in (SECRET, PASSWORD):
        assert [text for text in places if secret in text] == []
        assert [path for path in kept if secret.encode() in path.read_bytes()] == []


def test_nothing_is_left(shop: Shop) -> None:
    """No container, network or volume of a run is left."""
    engine, runs = shop.world.engine, {run["id"] for run in shop.runs.values()}

    def mine(labels: Mapping[str, str] | None) -> bool:
        return (labels or {}).get("gitops.run", "") in runs

    assert [one["Names"] for one in engine.containers(all=True) if mine(one["Labels"])] == []
    assert [one["Name"] for one in engine.networks() if mine(one["Labels"])] == []
    assert [one["Name"] for one in engine.volumes()["Volumes"] or () if mine(one["Labels"])] == []
