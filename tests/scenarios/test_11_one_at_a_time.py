"""Obligation: of two runs on one project, one works and the other knows for whom it waits."""

from __future__ import annotations

import json
import time

import pytest
from support.scenario import Running, World, eventually

pytestmark = pytest.mark.scenario

SLOW = "until [ -e /tmp/go ]; do sleep 0.1; done; exec httpd -f -p 8000 -h /www"
ANN = {"GITOPS_OWNER": "ann@desk"}


def slow_deployment(world: World) -> Running:
    """Start a run that waits for its app until `let_go`."""
    world.hello(app={"command": ["sh", "-c", SLOW]}, health={"deadline": "100s"})
    running = world.start("reconcile", env=ANN)
    running.wait_line("wait until .* is healthy", timeout=60)
    return running


def let_go(world: World) -> None:
    """Let the app become healthy."""
    app = world.container("WebApp", "hello")["Id"]
    eventually(lambda: world.engine.inspect_container(app)["State"]["Running"])
    world.engine.exec_start(world.engine.exec_create(app, ["touch", "/tmp/go"])["Id"])  # noqa: S108


def lease_of_elsewhere(world: World, age: float) -> None:
    """Make the lease of a holder on another machine, whose last sign is `age` seconds old."""
    then = str(time.time() - age)
    fields = {"": world.project, ".id": "b0b", ".beat": then, ".owner": "bob@elsewhere"}
    fields |= {".host": "elsewhere", ".process": "1:1", ".reason": "reconcile", ".since": then}
    labels = {f"gitops.lease{name}": value for name, value in fields.items()}
    world.engine.create_volume(f"gitops-lease-{world.project}", labels=labels)


def leases(world: World) -> list[str]:
    """Return the volumes that hold the project's lease."""
    label = f"gitops.lease={world.project}"
    found = world.engine.volumes(filters={"label": [label]})["Volumes"] or ()
    return [one["Name"] for one in found]


def test_the_second_waits_or_leaves(world: World) -> None:
    """Who comes second says for whom it waits and since when, or with --no-wait ends with 75."""
    first = slow_deployment(world)
    second = world.start("reconcile")
    waits = r"waiting: target local is held by ann@desk pid \d+ \(reconcile\) since 20\d\d-.* UTC"
    second.wait_line(waits)
    refused = world.gitops("reconcile", "--no-wait", ok=False)
    assert refused.code == 75
    assert f"held by ann@desk pid {first.pid} (reconcile) since " in refused.err
    assert world.gitops("plan", ok=None).code == 0, "looking needs no lease"
    let_go(world)
    assert (first.wait(), second.wait()) == (0, 0)
    assert second.text.count("waiting: ") == 1
    assert second.lines[-1] == "converged"
    assert len(json.loads(world.gitops("runs", "--kind", "reconcile", "-o", "json").out)) == 1
    assert leases(world) == []


def test_a_dead_holder_is_succeeded_at_once(world: World) -> None:
    """The lease of a process that was killed is taken over without a wait, and its work is done."""
    slow_deployment(world).kill9()
    assert leases(world) != []
    let_go(world)
    after = world.gitops("reconcile", "--no-wait")
    assert "waiting" not in after.text
    assert world.ask() == (200, "one\n")
    assert leases(world) == []
    states = [
        run["state"]
        for run in json.loads(world.gitops("runs", "--kind", "reconcile", "-o", "json").out)
    ]
    assert states == ["converged", "interrupted"]


def test_a_holder_elsewhere_is_believed_for_a_minute(world: World) -> None:
    """A holder on another machine is waited for until it has given no sign for a minute."""
    world.hello()
    lease_of_elsewhere(world, age=50)
    refused = world.gitops("reconcile", "--no-wait", ok=False)
    assert refused.code == 75
    assert "held by bob@elsewhere (reconcile)" in refused.err
    assert world.containers() == []
    waited = world.gitops("reconcile")
    assert "waiting: target local is held by bob@elsewhere" in waited.out
    assert world.ask() == (200, "one\n")
    assert leases(world) == []
