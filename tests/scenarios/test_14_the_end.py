"""What is told afterwards, and the orderly end of a project."""

from __future__ import annotations

import json

import pytest
from support.scenario import DOCKERFILE, World

pytestmark = pytest.mark.scenario

DATA = {"volumes": [{"name": "data", "mount": "/data"}]}


def volumes(world: World) -> list[str]:
    """Return the project's volumes, leases included."""
    names = [one["Name"] for one in world.engine.volumes()["Volumes"] or ()]
    return sorted(name for name in names if world.project in name)


def networks(world: World) -> list[str]:
    """Return the project's networks."""
    found = world.engine.networks(filters={"label": [f"gitops.project={world.project}"]})
    return [one["Name"] for one in found]


def keep_note(world: World, command: str) -> str:
    """Run a shell command in the app's container; return what it says."""
    app = world.container("WebApp", "hello")["Id"]
    run = world.engine.exec_create(app, ["sh", "-c", command])["Id"]
    return str(world.engine.exec_start(run).decode())


def test_down_keeps_volumes(world: World) -> None:
    """`down` removes all but data and certificates, which are there when it comes back."""
    world.hello(app=DATA)
    world.gitops("reconcile")
    keep_note(world, "echo precious > /data/note")
    kept = [f"{world.project}-{name}" for name in ("data", "gateway-certificates", "local")]
    assert volumes(world) == [*kept, f"{world.project}-note-history-hello-1"]
    shown = world.gitops("down", "--dry-run")
    assert "remove container" in shown.out
    assert len(world.containers()) == 3
    world.gitops("down", "--yes")
    assert world.containers() == []
    assert networks(world) == []
    assert volumes(world) == kept, "what is remembered of apps goes with them"
    assert world.ask().status == 0
    again = world.gitops("reconcile")
    assert "build localhost" not in again.out, "the registry's volume still has the image"
    assert world.ask() == (200, "one\n")
    assert keep_note(world, "cat /data/note") == "precious\n"


def test_down_with_volumes_leaves_nothing(world: World) -> None:
    """`down --volumes` leaves nothing at all, and is fine to say twice."""
    world.hello(app=DATA)
    world.gitops("reconcile")
    world.gitops("down", "--yes", "--volumes")
    assert (world.containers(), networks(world), volumes(world)) == ([], [], [])
    world.gitops("down", "--yes", "--volumes")
    assert (
        json.loads(world.gitops("runs", "--kind", "reconcile", "-o", "json").out)[0]["command"]
        == "down"
    )


def test_what_happened_is_told(world: World) -> None:
    """`runs`, `events` and `logs` tell of a deployment, of a failure, and of what an app wrote."""
    world.hello()
    world.gitops("reconcile")
    world.repo().commit(
        {"Dockerfile": DOCKERFILE.replace("EXPOSE", "RUN echo bad luck; exit 4\nEXPOSE")}
    )
    world.gitops("reconcile", ok=False)
    failed, good = json.loads(world.gitops("runs", "--kind", "reconcile", "-o", "json").out)
    assert (good["state"], failed["state"]) == ("converged", "failed")
    steps = json.loads(world.gitops("runs", failed["id"], "-o", "json").out)["steps"]
    assert {step["action"]: step["state"] for step in steps}["Build"] == "stalled"
    assert "bad luck" in world.gitops("logs", "BuildTask/hello").out
    assert "bad luck" in world.gitops("logs", failed["id"]).out
    events = json.loads(world.gitops("events", "-o", "json").out)
    told = [(event["resource"], event["type"], event["reason"]) for event in events]
    assert ("BuildTask/hello", "Normal", "Built") in told
    assert ("WebApp/hello", "Normal", "Routed") in told
    assert told[-1] == ("BuildTask/hello", "Warning", "BuildFailed")
    mine = json.loads(world.gitops("events", "--for", "WebApp/hello", "-o", "json").out)
    assert {event["resource"] for event in mine} == {"WebApp/hello"}
    keep_note(world, "echo a word to the world > /proc/1/fd/1")
    assert "a word to the world" in world.gitops("logs", "WebApp/hello").out
    assert world.gitops("logs", "Registry/local").out
