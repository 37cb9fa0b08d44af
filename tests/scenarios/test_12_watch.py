"""Obligation: `watch` follows files, specs and git, and is left in good order."""

from __future__ import annotations

import json
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from docker.errors import NotFound
from support.engine_proxy import EngineProxy
from support.scenario import DOCKERFILE, Answer, Running, World, eventually

pytestmark = pytest.mark.scenario


def folder(world: World, text: str = "one") -> Path:
    """Make a folder to build from."""
    site = world.folder / "site"
    site.mkdir(exist_ok=True)
    (site / "Dockerfile").write_text(DOCKERFILE)
    (site / "index.html").write_text(f"{text}\n")
    return site


def watching(world: World) -> Running:
    """Start `watch`, and return when the app is up."""
    running = world.start("watch")
    running.wait_line("in sync: ", timeout=60)
    return running


def answers(world: World, text: str) -> None:
    """Wait until the app answers this."""
    eventually(lambda: world.ask() == Answer(200, f"{text}\n"), 30, f"the app answers {text}")


def runs(world: World) -> list[dict[str, Any]]:
    """Return what was done, the latest run last, each with its steps."""
    listed = json.loads(
        world.gitops("runs", "--kind", "reconcile", "-o", "json", "--limit", "100").out
    )
    found = [json.loads(world.gitops("runs", one["id"], "-o", "json").out) for one in listed]
    return found[::-1]


def builds(world: World) -> int:
    """Return how many builds were begun."""
    steps = [step for run in runs(world) for step in run["steps"]]
    return sum(step["action"] == "Build" and step["started"] != "" for step in steps)


def ends_well(world: World, running: Running) -> None:
    """Press Ctrl-C; it ends with 0, leaves no lease, and tells nothing of its insides."""
    running.interrupt()
    assert running.wait() == 0, running.text
    assert running.lines[-1] == "stopped"
    assert "Traceback" not in running.text
    assert leases(world) == []


def leases(world: World) -> list[str]:
    """Return the volumes that hold the project's lease."""
    label = f"gitops.lease={world.project}"
    found = world.engine.volumes(filters={"label": [label]})["Volumes"] or ()
    return [one["Name"] for one in found]


def test_a_saved_file_is_served(world: World) -> None:
    """A file saved in a source folder is what the app answers; Ctrl-C ends it in good order."""
    site = folder(world)
    world.hello(source={"path": str(site)})
    running = watching(world)
    start = len(running.lines)
    (site / "index.html").write_text("two\n")
    running.wait_line("in sync: ", start=start)
    assert world.ask() == (200, "two\n")
    # As editors do it: a new file takes the place of the old one.
    (site / ".index.html.swp").write_text("three\n")
    start = len(running.lines)
    (site / ".index.html.swp").rename(site / "index.html")
    running.wait_line("in sync: ", start=start)
    assert world.ask() == (200, "three\n")
    ends_well(world, running)
    assert [run["state"] for run in runs(world)] == ["converged"] * 3
    assert world.ask() == (200, "three\n"), "the app goes on without the watch"


def test_saves_in_a_row_are_one_build(world: World) -> None:
    """Ten saves in 200 ms are one build, of the last one."""
    site = folder(world)
    world.hello(source={"path": str(site)})
    running = watching(world)
    before, start = builds(world), len(running.lines)
    for number in range(10):
        (site / "index.html").write_text(f"save {number}\n")
        sleep(0.02)  # the spacing of the saves is what is tested
    answers(world, "save 9")
    running.wait_line("in sync: ", start=start)
    assert builds(world) == before + 1
    ends_well(world, running)


def test_a_broken_spec_keeps_the_last_good_one(world: World) -> None:
    """A broken spec is told and changes nothing; the sources are followed; a mended one goes on."""
    site = folder(world)
    path = world.hello(source={"path": str(site)})
    running = watching(world)
    good = path.read_text()
    containers = world.ids()
    path.write_text(good.replace("kind: WebApp", "kind: WebAp"))
    running.wait_line("the last good specs stay in force")
    assert any("did you mean" in line.lower() for line in running.lines)
    assert world.ids() == containers
    (site / "index.html").write_text("two\n")
    answers(world, "two")
    path.write_text(
        good.replace("name: hello\nspec:\n  image", "name: hello\nspec:\n  env: {A: b}\n  image")
    )
    running.wait_line("specs are good again")
    eventually(lambda: "A=b" in environment(world), 30, "the app has the new variable")
    ends_well(world, running)


def environment(world: World) -> list[str]:
    """Return the variables of the app's newest container; none if it has just been replaced."""
    newest = max(world.containers("hello"), key=lambda one: one["Created"])
    try:
        return list(world.engine.inspect_container(newest["Id"])["Config"]["Env"])
    except NotFound:
        return []


def test_a_new_spec_file_is_followed(world: World) -> None:
    """A file that comes into a folder of specs is read, and one that goes is pruned."""
    site = folder(world)
    world.hello(source={"path": str(site)})
    running = watching(world)
    app = {"image": {"repository": "hello"}, "host": "more.localhost", **world.quick}
    path = world.documents(world.document("WebApp", "more", app), name="more.yaml")
    eventually(lambda: world.ask("more.localhost").status == 200, 30)
    path.unlink()
    eventually(lambda: world.containers("more") == [], 30)
    answers(world, "one")
    ends_well(world, running)


def test_a_commit_is_polled(world: World) -> None:
    """A new commit is seen when the task's interval is over."""
    world.hello(task={"interval": "1s"})
    running = watching(world)
    answers(world, "one")
    world.page("two")
    answers(world, "two")
    ends_well(world, running)


def test_a_newer_save_overtakes_a_health_wait(world: World) -> None:
    """A save while an older version waits to be healthy ends that attempt as superseded."""
    site = folder(world)
    world.hello(source={"path": str(site)}, health={"deadline": "200s"})
    running = watching(world)
    start = len(running.lines)
    (site / "Dockerfile").write_text(DOCKERFILE.replace('"8000"', '"8001"'))
    running.wait_line("wait until .* is healthy", start=start)
    start = len(running.lines)
    (site / "Dockerfile").write_text(DOCKERFILE)
    (site / "index.html").write_text("two\n")
    answers(world, "two")
    running.wait_line("something newer is wanted")
    running.wait_line("in sync: ", start=start)
    assert len(world.containers("hello")) == 1
    ends_well(world, running)
    states = [run["state"] for run in runs(world)]
    assert states == ["converged", "superseded", "converged"]
    steps = {step["action"]: step["state"] for step in runs(world)[1]["steps"]}
    assert steps["WaitHealthy"] == "superseded"
    assert "failed" not in running.text.lower()


def test_a_newer_save_overtakes_a_build(world: World) -> None:
    """A save while an older version is built ends that build."""
    site = folder(world)
    world.hello(source={"path": str(site)})
    running = world.start("watch", "-v")
    running.wait_line("in sync: ", timeout=60)
    slow = DOCKERFILE.replace("EXPOSE", "RUN echo aslee''p && sleep 250\nEXPOSE")
    (site / "Dockerfile").write_text(slow)
    running.wait_line("asleep")
    start = len(running.lines)
    (site / "Dockerfile").write_text(DOCKERFILE)
    (site / "index.html").write_text("two\n")
    answers(world, "two")
    running.wait_line("in sync: ", start=start)
    ends_well(world, running)
    assert [run["state"] for run in runs(world)] == ["converged", "superseded", "converged"]


@pytest.mark.parametrize("order", ["startFirst", "stopFirst"])
def test_interrupt_in_the_middle(world: World, order: str) -> None:
    """Ctrl-C while a new version is waited for leaves the old one, and nothing of the new one."""
    site = folder(world)
    world.hello(
        source={"path": str(site)},
        health={"deadline": "200s"},
        deploy={"order": order, "stop": "1s"},
    )
    running = watching(world)
    containers = world.ids()
    start = len(running.lines)
    (site / "Dockerfile").write_text(DOCKERFILE.replace('"8000"', '"8001"'))
    running.wait_line("wait until .* is healthy", start=start)
    ends_well(world, running)
    assert world.ids() == containers
    answers(world, "one")


def test_a_failed_build_waits_for_new_inputs(world: World, proxy: EngineProxy) -> None:
    """A build that fails is told and not tried in a loop; a good save goes through."""
    site = folder(world)
    world.hello(source={"path": str(site)})
    running = watching(world)
    before = proxy.builds
    (site / "Dockerfile").write_text("FROM busybox\nRUN exit 7\n")
    running.wait_line("not tried again until its inputs change")
    running.wait_line("BuildTask/hello: BuildFailed")
    assert proxy.builds == before + 1
    assert world.ask() == (200, "one\n")
    (site / "Dockerfile").write_text(DOCKERFILE)
    (site / "index.html").write_text("two\n")
    answers(world, "two")
    assert proxy.builds == before + 2
    ends_well(world, running)


def test_drift_is_healed(world: World) -> None:
    """An app that was removed by hand is back after the next look."""
    site = folder(world)
    path = world.hello(source={"path": str(site)})
    running = watching(world)
    world.engine.remove_container(world.container("WebApp", "hello")["Id"], force=True)
    # Any wake-up leads to a look at everything; this one says nothing about the app.
    path.write_text(path.read_text())
    answers(world, "one")
    ends_well(world, running)
