"""Obligation: a task that makes no image runs once for its inputs, and whenever it is asked to."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.eventual import eventually
from support.scenario import World

pytestmark = pytest.mark.scenario

WORD = {"cmd": "busybox sh -c 'echo {{.Values.word}} $(cat word)'"}


def write(world: World, *further: dict[str, Any], **task: object) -> None:
    """Write a task that prints a value and a file of the repository, and no registry at all."""
    spec = {
        "source": {"git": {"url": world.repo().url, "ref": {"branch": "main"}}},
        "values": {"word": "hello"},
        "steps": [WORD],
        **task,
    }
    world.documents(world.document("BuildTask", "tests", spec), *further)


def runs(world: World) -> list[dict[str, Any]]:
    """Return the runs of tasks, the latest last."""
    found = json.loads(world.gitops("runs", "--kind", "task", "-o", "json").out)
    return [world_run(world, one["id"]) for one in found][::-1]


def world_run(world: World, run: str) -> dict[str, Any]:
    """Return the record of a run."""
    record: dict[str, Any] = json.loads(world.gitops("runs", "show", run, "-o", "json").out)
    return record


def causes(world: World) -> list[str]:
    """Return why each run started, the first one first."""
    first = (run["causes"][0] for run in runs(world))
    return [f"{cause['kind']} {cause['text']}" for cause in first]


def test_commits_schedules_and_hands(world: World) -> None:
    """It runs for a commit, for a schedule, and by hand; never twice for the same inputs."""
    first = world.repo().commit({"word": "one\n"})
    write(world)
    world.gitops("reconcile")
    assert "in sync" in world.gitops("reconcile").out
    (run,) = runs(world)
    assert (run["status"], run["commit"], run["images"]) == ("Succeeded", first, [])
    assert "hello one" in world.gitops("logs", run["id"]).out
    second = world.repo().commit({"word": "two\n"})
    world.gitops("reconcile")
    assert causes(world)[1:] == [f"COMMIT {first[:8]}→{second[:8]}"]
    # A schedule that is new makes one run at once; this one is not due again for long.
    schedule = {"schedule": [{"name": "yearly", "cron": "0 0 1 1 *"}]}
    write(world, triggers=schedule)
    world.gitops("reconcile")
    world.gitops("reconcile")
    assert causes(world)[2:] == ["SCHEDULE yearly"]
    asked = world.gitops("run", "BuildTask/tests", "--set", "word=bye")
    assert asked.out == "bye two\n"
    assert runs(world)[-1]["id"] in asked.err
    assert causes(world)[3].startswith("MANUAL by ")
    world.gitops("run", "BuildTask/tests")
    # What runs by hand is no reason to run again, nor is a database that was lost.
    shutil.rmtree(world.state)
    assert "in sync" in world.gitops("reconcile").out
    assert runs(world) == []


def test_a_failure_stays_until_a_hand_tries_again(world: World) -> None:
    """Inputs that failed are not tried in a loop; by hand they are, and what is well then stays."""
    world.repo().commit({"word": "one\n"})
    steps = [{"cmd": "busybox test {{.Secrets.door}} = open"}]
    write(world, steps=steps, secrets={"door": {"env": "DOOR"}})
    world.environ["DOOR"] = "shut"
    world.gitops("reconcile", ok=False)
    world.gitops("reconcile", ok=False)
    assert [run["status"] for run in runs(world)] == ["Failed"]
    assert world.gitops("run", "BuildTask/tests", ok=False).code == 1
    world.environ["DOOR"] = "open"
    world.gitops("run", "BuildTask/tests")
    world.gitops("reconcile")
    assert [run["status"] for run in runs(world)] == ["Failed", "Failed", "Succeeded"]


def test_a_secret_that_is_missing(world: World) -> None:
    """A task whose secret cannot be read does not run; by hand it can be given."""
    world.repo().commit({"word": "one\n"})
    steps = [{"cmd": "busybox test {{.Secrets.door}} = open"}]
    write(world, steps=steps, secrets={"door": {"env": "DOOR"}})
    told = world.gitops("reconcile", ok=False)
    assert "BuildTask/tests: SecretMissing: environment variable DOOR" in told.out
    refused = world.gitops("run", "BuildTask/tests", ok=False)
    assert "SecretMissing" in refused.err
    assert runs(world) == []
    world.gitops("run", "BuildTask/tests", "--secret", "door=open")
    world.gitops("rerun", runs(world)[0]["id"], "--secret", "door=open")
    assert [run["status"] for run in runs(world)] == ["Succeeded", "Succeeded"]
    # It was not the secret of the spec: nothing is known of that one yet.
    assert "SecretMissing" in world.gitops("plan", ok=False).out


def test_a_run_by_hand_waits_its_turn_and_can_be_canceled(world: World) -> None:
    """A run by hand is canceled as any other, and its exit code says how it ended."""
    world.repo().commit({"word": "one\n"})
    write(world, steps=[{"cmd": "busybox sleep 600"}])
    running = world.start("run", "BuildTask/tests")
    eventually(lambda: [run["status"] for run in runs(world)] == ["Running"], 30, "it runs")
    world.gitops("cancel", runs(world)[0]["id"])
    assert running.wait() == 1, running.text
    assert [run["status"] for run in runs(world)] == ["Canceled"]
    assert world.containers() == []


def test_pull_requests_and_what_comes_after(world: World) -> None:
    """A pull request runs beside the branch, pushes nothing, and its end is the end of its note."""
    world.repo().commit({"word": "one\n"})
    work = world.repo().work
    propose(work, "7", "seven\n")
    after = world.document(
        "BuildTask",
        "after",
        {
            "source": {"path": "."},
            "steps": [{"cmd": "busybox echo after"}],
            "triggers": {"commit": {"enabled": False}, "after": ["BuildTask/tests"]},
        },
    )
    write(world, after, triggers={"pullRequest": {"enabled": True}})
    world.gitops("reconcile")
    tasks = sorted(run["task"] for run in runs(world))
    assert tasks == ["after", "tests", "tests@pr-7"]
    assert world.gitops("run", "BuildTask/tests@pr-7").out == "hello seven\n"
    secret = world.gitops("run", "BuildTask/tests@pr-7", "--secret", "a=b", ok=False)
    assert "a pull request, which gets no secrets" in secret.err
    git(work, "push", "--quiet", "origin", "--delete", "refs/pull/7/head")
    assert "forget the run of tests@pr-7" in world.gitops("reconcile").out
    pushes = [{"push": ["localhost:1/any:pr-8"]}]
    write(world, triggers={"pullRequest": {"enabled": True}}, steps=pushes)
    propose(work, "8", "eight\n")
    world.gitops("reconcile", ok=False)
    refused = next(run for run in runs(world) if run["task"] == "tests@pr-8")
    assert "may not" in refused["message"], refused


def propose(work: Path, number: str, word: str) -> None:
    """Push a pull request that changes the word."""
    git(work, "checkout", "--quiet", "--detach", "main")
    (work / "word").write_text(word)
    git(work, "commit", "--quiet", "--all", "--message", f"pull {number}")
    git(work, "push", "--quiet", "origin", f"HEAD:refs/pull/{number}/head")
    git(work, "checkout", "--quiet", "main")


def git(folder: Path, *arguments: str) -> None:
    """Run git."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
