"""Obligation: a person can have a task run now, and see what it says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.scenario import DOCKERFILE, World

pytestmark = pytest.mark.scenario

FILE = """version: v1.1.0
alias: {src: [aliases/names.yaml]}
steps:
  - {id: image, build: "-t $Registry/$name:$ID ci"}
  - {id: say, cmd: "busybox echo {{.Values.word}} {{.Run.TriggeredBy}}"}
  - {id: out, push: ["$Registry/$name:$ID"]}
"""


def latest(world: World) -> dict[str, Any]:
    """Return the record of the latest run of a task."""
    newest = json.loads(world.gitops("runs", "--kind", "task", "-o", "json").out)[0]
    shown = world.gitops("runs", "show", newest["id"], "-o", "json")
    record: dict[str, Any] = json.loads(shown.out)
    return record


def test_an_image_is_made_again_by_hand(world: World) -> None:
    """The image is made again under its exact name, and `latest` follows; the app stays."""
    world.hello()
    first = world.gitops("reconcile")
    before, exact = world.ids(), latest(world)["images"][0]["tag"]
    assert "converged" in first.out
    told = world.gitops("run", "BuildTask/hello")
    record = latest(world)
    assert "FROM" in told.out
    assert f"run {record['id']} Succeeded" in told.err
    assert record["causes"][0]["kind"] == "MANUAL"
    assert (record["task"], [one["tag"] for one in record["images"]]) == ("hello", [exact])
    assert world.registry_digest() == record["images"][0]["digest"]
    assert "0 steps" in world.gitops("plan").out
    assert world.ids() == before


def test_a_newer_commit_comes_with_it(world: World) -> None:
    """A run by hand takes the newest commit; the app follows with the next reconcile."""
    world.hello()
    world.gitops("reconcile")
    commit = world.page("two")
    world.gitops("run", "BuildTask/hello")
    assert latest(world)["commit"] == commit
    planned = world.gitops("reconcile").out
    assert "BuildTask/hello 1." not in planned
    assert "two" in world.ask().body


def test_other_args_make_an_image_that_no_tag_follows(world: World) -> None:
    """What was given by hand is in the record, and used again; what the spec says stays."""
    recipe = DOCKERFILE.replace("EXPOSE", "ARG WORD=plain\nRUN echo the word is $WORD\nEXPOSE")
    world.repo().commit({"Dockerfile": recipe, "index.html": "one\n"})
    world.hello()
    world.gitops("reconcile")
    digest = world.registry_digest()
    told = world.gitops("run", "BuildTask/hello", "--arg", "WORD=other")
    assert "the word is other" in told.out
    assert "no tag follows it" in told.err
    record = latest(world)
    assert world.registry_digest() == digest
    assert "0 steps" in world.gitops("plan").out
    world.gitops("rerun", record["id"])
    again = latest(world)
    assert [one["tag"] for one in again["images"]] == [one["tag"] for one in record["images"]]
    refused = world.gitops("run", "BuildTask/hello", "--set", "a=b", ok=False)
    assert (refused.code, "which has no values" in refused.err) == (64, True)


def test_a_task_file_with_aliases_and_a_secret_value(world: World) -> None:
    """Files of aliases are read from the source; a secret value is shown and kept nowhere."""
    names = {"ci/acr-task.yaml": FILE, "ci/aliases/names.yaml": "name: hello\n"}
    files = {**names, "ci/Dockerfile": DOCKERFILE, "ci/index.html": "one\n"}
    world.repo().commit(files)
    task = {"taskFile": "ci/acr-task.yaml", "values": {"word": "plain"}}
    world.documents(*world.base(), *world.story(task=task)[:2])
    shown = world.gitops("run", "BuildTask/hello", "--dry-run", "--set", "word=shown")
    assert "busybox echo shown" in shown.out
    assert world.containers() == []
    world.gitops("reconcile")
    told = world.gitops("run", "BuildTask/hello", "--set-secret", "word=not-to-be-seen")
    assert "say: *** Manual" in told.out
    record = latest(world)
    assert "not-to-be-seen" not in world.gitops("logs", record["id"]).out
    refused = world.gitops("rerun", record["id"], ok=False)
    assert "--set-secret word=VALUE" in refused.err
    again = world.gitops("rerun", record["id"], "--set-secret", "word=another-one")
    assert "say: *** Manual" in again.out


STRANGE = {
    "7": ("http://127.0.0.1:9/names.yaml", "a pull request reads aliases from its own files alone"),
    "8": ("../../names.yaml", "leaves the folder of the task file"),
    "9": ("link.yaml", "goes through the symbolic link"),
}


def test_aliases_of_a_pull_request_are_its_own(world: World) -> None:
    """A stranger's task file reads no aliases from the network, nor from outside of its files."""
    repo = world.repo()
    text = "version: v1.1.0\nalias: {src: [%s]}\nsteps: [{cmd: busybox echo $a}]\n"
    repo.commit({"task.yaml": text % "names.yaml", "names.yaml": "a: well\n"})
    for number, (place, _) in STRANGE.items():
        git(repo.work, "checkout", "--quiet", "--detach", "main")
        (repo.work / "task.yaml").write_text(text % place)
        (repo.work / "link.yaml").symlink_to("/etc/hostname")
        git(repo.work, "add", "--all")
        git(repo.work, "commit", "--quiet", "--message", number)
        git(repo.work, "push", "--quiet", "origin", f"HEAD:refs/pull/{number}/head")
    source = {"git": {"url": repo.url, "ref": {"branch": "main"}}}
    task = {"source": source, "taskFile": "task.yaml"}
    triggers = {"triggers": {"pullRequest": {"enabled": True}}}
    world.documents(world.document("BuildTask", "tests", {**task, **triggers}))
    world.gitops("reconcile")  # what strangers wrote keeps nothing else from being well
    listed = json.loads(world.gitops("runs", "--kind", "task", "-o", "json").out)
    runs = {one["task"]: one for one in listed}
    assert runs["tests"]["status"] == "Succeeded"
    for number, (_, why) in STRANGE.items():
        record = runs[f"tests@pr-{number}"]
        assert (record["status"], why in record["message"]) == ("Failed", True), record


def git(folder: Path, *arguments: str) -> None:
    """Run git."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_what_cannot_run_is_refused(world: World) -> None:
    """A suspended task is refused, as is one whose source cannot be seen; neither leaves a run."""
    world.hello(task={"suspend": True})
    refused = world.gitops("run", "BuildTask/hello", ok=False)
    assert "BuildTask/hello is suspended" in refused.err
    world.hello(source={"git": {"url": f"file://{world.folder}/nowhere.git"}})
    refused = world.gitops("run", "BuildTask/hello", ok=False)
    assert "BuildTask/hello cannot run: Source" in refused.err
    missing = world.gitops("run", "BuildTask/nothing", ok=False)
    assert (missing.code, "there are: BuildTask/hello" in missing.err) == (64, True)
    assert json.loads(world.gitops("runs", "--kind", "task", "-o", "json").out) == []
