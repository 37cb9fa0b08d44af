"""Obligation: an app is watched over for as long as it runs, and what is done about it is told."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from support.bench_app import IMAGE
from support.bench_story import LIGHT
from support.scenario import Running, World, document, eventually
from support.storm import Aim, Report, Shape, Storm

pytestmark = pytest.mark.scenario

HOST = "hello.localhost"
SERVE = (
    "mkdir -p /www && touch /www/healthz && echo one $(hostname) 1 > /www/index.html"
    " && exec httpd -f -p 8000 -h /www"
)
HEALTH = {"stableFor": "0s", "interval": "100ms", "failures": 3}
DEPLOY = {"drain": "1s", "stop": "1s"}
BUSY = Shape(busy=8, rate=400.0, slow=0, single=0)


def watched(world: World, **apps: dict[str, Any]) -> Running:
    """Start `watch` on these apps, and return when all are up."""
    target = document("Target", "local", {"gateway": {"http": world.gateway_port}})
    found = [document("WebApp", name, {"deploy": DEPLOY, **spec}) for name, spec in apps.items()]
    world.documents(target, *found)
    running = world.start("watch")
    running.wait_line("in sync: ", timeout=60)
    return running


def ends_well(running: Running) -> None:
    """Press Ctrl-C; it ends in good order."""
    running.interrupt()
    assert running.wait() == 0, running.text


def busybox(health: dict[str, Any], **more: object) -> dict[str, Any]:
    """Return an app whose health is whether a file is there."""
    return {
        "image": {"name": "busybox", "tag": "latest"},
        "command": ["sh", "-c", SERVE],
        "port": 8000,
        "health": {**HEALTH, **health},
        **more,
    }


def bench(**more: object) -> dict[str, Any]:
    """Return the application of the tests."""
    name, _, tag = IMAGE.partition(":")
    health = {**HEALTH, "path": "/healthz"}
    return {"image": {"name": name, "tag": tag}, "health": health, **more}


def do(world: World, container: str, *command: str) -> None:
    """Run a command in a container."""
    made = world.engine.exec_create(container, list(command))["Id"]
    said = world.engine.exec_start(made)
    assert world.engine.exec_inspect(made)["ExitCode"] == 0, said


def short(world: World, name: str) -> set[str]:
    """Return the host names of an app's containers."""
    return {one["Id"][:12] for one in world.containers(name)}


def lately(report: Report) -> set[str]:
    """Return who has answered in the last second."""
    return {one.host for one in report.seen if one.last > report.seconds - 1.0}


def status(world: World, name: str) -> dict[str, Any]:
    """Return how an app is: its first condition."""
    found = json.loads(world.gitops("status", "-o", "json", ok=None).out)
    app = next(one for one in found if (one["kind"], one["name"]) == ("WebApp", name))
    return dict(app["conditions"][0])


def test_a_replica_that_fails_its_checks(world: World) -> None:
    """It gets no requests, gets them when it is well again, and is replaced when it stays bad."""
    running = watched(world, hello=busybox({"path": "/healthz"}, replicas=2))
    both = short(world, "hello")
    one = min(both)
    with Storm(Aim(world.gateway_port, HOST), LIGHT) as load:
        load.until(lambda report: lately(report) == both)
        do(world, one, "rm", "/www/healthz")
        load.until(lambda report: lately(report) == both - {one}, 5)
        assert "fails its checks" in world.gitops("why", "WebApp/hello", ok=None).out
        do(world, one, "touch", "/www/healthz")
        load.until(lambda report: lately(report) == both, 5)
        assert short(world, "hello") == both
        do(world, one, "rm", "/www/healthz")
        start = len(running.lines)
        running.wait_line("has failed its checks for 3. s", timeout=50, start=start)
        new = eventually(lambda: short(world, "hello") - both, 20, "another in its place")
        load.until(lambda report: lately(report) == (both - {one}) | new)
        report = load.stop()
    assert report.failures == []
    eventually(lambda: one not in short(world, "hello"), what="the bad one is gone")
    ends_well(running)


def test_a_health_command_that_fails(world: World) -> None:
    """It marks the container, which is replaced; nobody notices."""
    health = {"command": ["test", "-e", "/www/healthz"]}
    running = watched(world, hello=busybox(health))
    (one,) = short(world, "hello")
    with Storm(Aim(world.gateway_port, HOST), LIGHT) as load:
        start = len(running.lines)
        do(world, one, "rm", "/www/healthz")
        running.wait_line("its health command fails", start=start)
        (new,) = eventually(lambda: short(world, "hello") - {one}, what="another in its place")
        load.until(lambda report: lately(report) == {new})
        report = load.stop()
    assert report.failures == []
    ends_well(running)


def test_a_container_that_does_not_stay_up(world: World) -> None:
    """It is started again five times, and then left alone, with the reason."""
    app = bench()
    running = watched(world, hello=app)
    while "Unstable" not in running.text:
        eventually(lambda: world.ask().status == 200, what="it is up again")
        before = len(mended(running))
        assert before < 6
        world.ask(path="/exit?code=9")
        # The engine starts it as well, and may have done so before anybody looked.
        with suppress(AssertionError):
            eventually(partial(told_of, running, before), 2)
    assert len(mended(running)) == 5
    # The engine starts it again: that it is up is not yet that it stays up.
    start = len(running.lines)
    eventually(lambda: world.ask().status == 200, what="it is up again")
    found = status(world, "hello")
    assert found["reason"] == "Unstable"
    assert "started again 5 times in 300 s, and left alone" in found["message"]
    page = world.gitops("why", "WebApp/hello", ok=False).out
    assert page.startswith("WebApp/hello is not ready: Unstable"), page
    assert "what to do" in page
    assert len(mended(running)) == 5
    # A version that is mended is no longer what was put right so often.
    target = document("Target", "local", {"gateway": {"http": world.gateway_port}})
    fixed = {"deploy": DEPLOY, **app, "env": {"VERSION": "fixed"}}
    world.documents(target, document("WebApp", "hello", fixed))
    running.wait_line("in sync: ", start=start)
    assert world.ask().body.startswith("fixed ")
    assert status(world, "hello")["reason"] == "Ready"
    ends_well(running)


def mended(running: Running) -> list[str]:
    """Return what was said each time when the app was started again."""
    return [line for line in running.lines if re.search(r"start .* is (restarting|exited) ", line)]


def told_of(running: Running, before: int) -> bool:
    """Say whether an end led to a start, or to being left alone."""
    return len(mended(running)) > before or "Unstable" in running.text


def test_a_memory_kill(world: World) -> None:
    """A container that was killed for its memory is started again, and `why` names it as that."""
    running = watched(world, hello=bench(resources={"memory": "32Mi"}))
    (event,) = killed_until_told(world)
    assert (event["type"], event["times"]) == ("Warning", 1)
    eventually(lambda: world.ask().status == 200, what="it is up again")
    page = world.gitops("why", "WebApp/hello").out
    assert "killed     " in page, page
    assert "it ran out of memory: it took more than its limit of 32Mi, and was killed" in page, page
    ends_well(running)


def killed_until_told(world: World) -> list[dict[str, Any]]:
    """Have the app killed; return what is remembered of it.

    The engine (20.10) misses one such kill in twenty on a busy machine.
    """
    for _ in range(4):
        eventually(lambda: world.ask().status == 200, what="it is up")
        assert world.ask(path="/oom").status != 200
        with suppress(AssertionError):
            return eventually(lambda: kills(world), 10, "the kill is remembered")
    raise AssertionError("no kill was remembered")


def kills(world: World) -> list[dict[str, Any]]:
    """Return what is remembered of kills for memory."""
    found = json.loads(world.gitops("events", "--for", "WebApp/hello", "-o", "json").out)
    return [one for one in found if one["reason"] == "OutOfMemory"]


@pytest.mark.timed
def test_replicas_that_follow_the_load(world: World) -> None:
    """Load makes more replicas, up to `max`, and it is said why."""
    scale = {"min": 1, "max": 3, "cpu": 40}
    app = bench(autoscale=scale, resources={"cpus": 0.1})
    running = watched(world, hello=app)
    assert len(world.containers("hello")) == 1
    with Storm(Aim(world.gateway_port, HOST, path="/burn?ms=2", patience=30.0), BUSY) as load:
        running.wait_line(r"1 -> [23] replicas: CPU at \d+ %, wanted 40 %", timeout=20)
        eventually(lambda: len(world.containers("hello")) == 3, 40, "three replicas")
        report = load.until(lambda report: lately(report) == short(world, "hello"))
    assert report.failures == []
    assert "CPU at" in status(world, "hello")["message"]
    assert "replicas: CPU at" in world.gitops("status", ok=None).out
    ends_well(running)
