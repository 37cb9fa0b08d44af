"""What a person wishes of an app sticks, and what cannot be had leaves it as it is."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
from typing import Any

import pytest
from support.load import Load, Shape
from support.process import COMMAND, Result, run
from support.scenario import World, document, eventually

pytestmark = pytest.mark.scenario

SERVE = "mkdir -p /www && echo $TEXT $WHERE > /www/index.html && exec httpd -f -p 8000 -h /www"
CALM = Shape(busy=4, rate=40.0, slow=2, single=1, single_rate=10.0)


def app(text: str, **more: object) -> dict[str, Any]:
    """Return an app that answers with the words of its environment."""
    spec = {
        "image": {"name": "busybox", "tag": "latest"},
        "command": ["sh", "-c", f"echo begun; {SERVE}"],
        "init": True,  # as process 1 httpd would not end when asked to, and every stop would wait
        "port": 8000,
        "env": {"TEXT": text},
        "health": {"path": "/", "stableFor": "0s", "interval": "50ms"},
        "deploy": {"drain": "5s", "stop": "1s"},
        **more,
    }
    return document("WebApp", "hello", spec)


def deployed(world: World, *versions: str, **more: object) -> None:
    """Deploy one version after the other."""
    target = document("Target", "local", {"gateway": {"http": world.gateway_port}})
    for version in versions:
        world.documents(target, app(version, **more))
        world.gitops("reconcile")


def body(world: World, host: str = "hello.localhost") -> str:
    """Return what the app answers, in one line."""
    answer = world.ask(host)
    return answer.body.strip() if answer.status == 200 else str(answer.status)


def data(world: World, *arguments: str) -> Any:  # noqa: ANN401 - JSON
    """Return the answer of a command as data."""
    return json.loads(world.gitops(*arguments, "-o", "json", ok=None).out)


def status(world: World, name: str) -> dict[str, Any]:
    """Return the status of an app."""
    found = data(world, "status")
    return next(one for one in found if (one["kind"], one["name"]) == ("WebApp", name))


def execute(world: World, *words: str) -> Result:
    """Run a command in the app; options of gitops come before the app's name."""
    options = ["exec", "-f", str(world.specs), "--project", world.project]
    return run([*options, *words], world.environ, world.folder)


def test_rollback_sticks(world: World) -> None:
    """A rollback outlives reconcile, a deleted database and a new commit, and ends with resume."""
    world.hello()
    world.gitops("reconcile")
    world.page("two")
    world.gitops("reconcile")
    kept = data(world, "history", "WebApp/hello")["revisions"]
    assert [(one["number"], one["current"]) for one in kept] == [(2, True), (1, False)]
    assert kept[0]["commit"] != kept[1]["commit"]
    assert all(one["digest"].startswith("sha256:") for one in kept)
    world.gitops("rollback", "WebApp/hello", "--reason", "two is bad", env={"GITOPS_OWNER": "anna"})
    assert body(world) == "one"
    world.page("three")
    shutil.rmtree(world.state)
    world.gitops("reconcile")
    assert body(world) == "one"
    found = status(world, "hello")
    assert (found["held"]["kind"], found["held"]["by"]) == ("rollback", "anna")
    assert found["conditions"][0]["reason"] == "Held"
    assert "rolled back to revision 1 by anna: two is bad" in world.gitops("plan").out
    again = data(world, "history", "WebApp/hello")["revisions"]
    assert (again[0]["current"], again[0]["held"]) == (True, True)
    world.gitops("resume", "WebApp/hello")
    assert body(world) == "three"
    assert status(world, "hello")["held"] is None


def test_rollback_ends_with_a_changed_spec(world: World) -> None:
    """A spec that changes after a rollback is what is wanted again; who did it is remembered."""
    deployed(world, "one", "two")
    world.gitops("rollback", "WebApp/hello", "--to", "1", "--reason", "try")
    assert body(world) == "one"
    told = world.gitops("rollback", "WebApp/hello", "--to", "1", "--reason", "again").out
    assert "runs revision 1 already" in told
    deployed(world, "three")
    assert body(world) == "three"
    assert status(world, "hello")["held"] is None
    events = data(world, "events", "--for", "WebApp/hello")
    assert any(one["reason"] == "RolledBack" and "try" in one["message"] for one in events)
    assert [one["command"] for one in data(world, "runs", "--kind", "reconcile")].count(
        "rollback"
    ) == 1


def test_failed_rollback_changes_nothing(world: World) -> None:
    """A revision that does not become healthy any more leaves what runs, and nothing is held."""
    folder = world.folder / "data"
    folder.mkdir()
    (folder / "one").touch()
    (folder / "two").touch()
    needs = {
        "command": ["sh", "-c", f"test -e /data/$TEXT && {SERVE}"],
        "volumes": [{"mount": "/data", "path": str(folder), "readOnly": True}],
    }
    deployed(world, "one", "two", **needs)
    before = world.ids()
    (folder / "one").unlink()
    failed = world.gitops("rollback", "WebApp/hello", "--reason", "two is bad", ok=False)
    assert "taken back: all is as it was before" in failed.err
    assert "exit code: 1" in failed.err
    assert (body(world), world.ids()) == ("two", before)
    assert status(world, "hello")["held"] is None
    refused = world.gitops("rollback", "WebApp/hello", "--reason", "once more", ok=False)
    assert "--retry WebApp/hello" in refused.err
    assert "0 steps" in world.gitops("plan").out


def test_swap_there_and_back(world: World) -> None:
    """A swap changes contents at once, sticky settings stay, and a second swap is the way back."""
    slot = {"name": "staging", "env": {"TEXT": "green", "WHERE": "aside"}}
    more = {"env": {"TEXT": "blue", "WHERE": "front"}, "sticky": ["WHERE"], "slots": [slot]}
    deployed(world, "blue", **more)
    assert (body(world), body(world, "hello-staging.localhost")) == ("blue front", "green aside")
    with Load(world.gateway_port, "hello.localhost", CALM) as load:
        world.gitops("swap", "WebApp/hello", "staging", "--reason", "green is ready")
        load.stop()
    assert load.failures == []
    shutil.rmtree(world.state)
    world.gitops("reconcile")
    assert (body(world), body(world, "hello-staging.localhost")) == ("green front", "blue aside")
    held = [status(world, name)["held"] for name in ("hello", "hello-staging")]
    assert [one["kind"] for one in held] == ["swap", "swap"]
    world.gitops("swap", "WebApp/hello", "staging")
    assert (body(world), body(world, "hello-staging.localhost")) == ("blue front", "green aside")
    assert status(world, "hello")["held"] is None, "what the spec says needs no hold"
    assert "0 steps" in world.gitops("plan").out
    missing = world.gitops("swap", "WebApp/hello", "blue", ok=False)
    assert "there are: staging" in missing.err


def test_failed_swap_leaves_production(world: World) -> None:
    """A slot's content that fails in production's place leaves both places as they are."""
    slot = {"name": "staging", "env": {"TEXT": "green", "WHERE": "aside"}}
    needs = {
        "command": ["sh", "-c", f"test $TEXT-$WHERE != green-front && {SERVE}"],
        "env": {"TEXT": "blue", "WHERE": "front"},
        "sticky": ["WHERE"],
        "slots": [slot],
    }
    deployed(world, "blue", **needs)
    before = world.ids()
    failed = world.gitops("swap", "WebApp/hello", "staging", ok=False)
    assert "taken back: all is as it was before" in failed.err
    assert (body(world), body(world, "hello-staging.localhost")) == ("blue front", "green aside")
    assert world.ids() == before
    assert [status(world, name)["held"] for name in ("hello", "hello-staging")] == [None, None]


def test_stop_and_start(world: World) -> None:
    """A stopped app stays down through reconcile, says who stopped it, and runs when started."""
    deployed(world, "one")
    world.gitops("stop", "WebApp/hello", "--reason", "a move", env={"GITOPS_OWNER": "anna"})
    assert body(world) == "503"
    world.gitops("reconcile")
    assert world.containers("hello") == []
    ready = status(world, "hello")["conditions"][0]
    assert ready["reason"] == "Stopped"
    assert "stopped by anna: a move" in ready["message"]
    assert "is stopped" in world.gitops("restart", "WebApp/hello", ok=False).err
    world.gitops("start", "WebApp/hello")
    assert body(world) == "one"


def test_restart_loses_no_request(world: World) -> None:
    """Two replicas restart one after the other, where they are, and no request fails."""
    deployed(world, "one", replicas=2)
    before = world.ids()
    begun = {one: started(world, one) for one in before.values()}
    with Load(world.gateway_port, "hello.localhost", CALM) as load:
        world.gitops("restart", "WebApp/hello")
        load.stop()
    assert load.failures == []
    assert world.ids() == before
    changed = [name for name, one in before.items() if started(world, one) != begun[one]]
    assert sorted(changed) == sorted(name for name in before if "-hello-" in name)
    assert "0 steps" in world.gitops("plan").out


def started(world: World, container: str) -> str:
    """Return when a container was started."""
    return str(world.engine.inspect_container(container)["State"]["StartedAt"])


def test_only_the_app_is_touched(world: World) -> None:
    """A wish for one app leaves what is pending for another one as it is."""
    other = {**app("other"), "metadata": {"name": "other"}}
    target = document("Target", "local", {"gateway": {"http": world.gateway_port}})
    world.documents(target, app("one"), other)
    world.gitops("reconcile")
    other["spec"] = {**other["spec"], "env": {"TEXT": "newer"}}
    world.documents(target, app("one"), other)
    world.gitops("stop", "WebApp/hello")
    assert body(world, "other.localhost") == "other"
    assert "~ WebApp/other" in world.gitops("plan").out


def test_exec_and_its_exit_code(world: World) -> None:
    """`exec` runs a command in a replica or a sidecar, with its input and its exit code."""
    helper = {
        "name": "helper",
        "image": {"name": "busybox", "tag": "latest"},
        "command": ["sh", "-c", "echo aside; exec sleep 1000"],
    }
    deployed(world, "one", replicas=2, sidecars=[helper])
    failed = execute(world, "WebApp/hello", "--", "sh", "-c", "echo $TEXT; exit 7")
    assert (failed.code, failed.out) == (7, "one\n")
    beside = execute(world, "--sidecar", "helper", "WebApp/hello", "--", "ps")
    assert "sleep 1000" in beside.out
    names = [execute(world, "--replica", n, "WebApp/hello", "--", "hostname").out for n in "12"]
    assert len(set(names)) == 2
    refused = execute(world, "--replica", "3", "WebApp/hello", "--", "true")
    assert (refused.code, "there are 1 to 2" in refused.err) == (1, True)
    assert_terminal(world)
    lines = world.gitops("logs", "WebApp/hello", "--since", "1h").out.splitlines()
    sources = {line.partition(" | ")[0].strip() for line in lines}
    assert len(sources) == 4
    assert all(source.startswith("hello-") for source in sources)
    only = world.gitops("logs", "WebApp/hello", "--sidecar", "helper", "--replica", "1").out
    assert only == "aside\n"


def assert_terminal(world: World) -> None:
    """Check that a command gets a terminal where there is one."""
    ours, theirs = pty.openpty()
    words = [*COMMAND, "exec", "-f", str(world.specs), "--project", world.project]
    process = subprocess.Popen(
        [*words, "WebApp/hello", "--", "sh", "-c", "test -t 0 && test -t 1 && exit 5"],
        env=world.environ,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
    )
    os.close(theirs)
    assert process.wait(60) == 5, process.stderr
    os.close(ours)
    if process.stderr is not None:
        process.stderr.close()


def test_logs_are_followed_through_a_restart(world: World) -> None:
    """`logs -f` gives the lines of all replicas as they come, of those that restart as well."""
    deployed(world, "one", replicas=2)
    running = world.start("logs", "WebApp/hello", "-f", "--since", "1h")
    eventually(lambda: len(running.lines) == 2, what="a line of each replica")
    world.gitops("restart", "WebApp/hello")
    eventually(lambda: len(running.lines) == 4, what="a second line of each replica")
    assert {line.partition(" | ")[2] for line in running.lines} == {"begun"}
    world.gitops("down", "--yes")
    assert running.wait() == 0


@pytest.mark.timed
def test_top_shows_numbers(world: World) -> None:
    """`top` gives each replica's use of CPU and memory, and the requests of a second."""
    deployed(world, "one", replicas=2, resources={"memory": "64Mi"})
    with Load(world.gateway_port, "hello.localhost", CALM) as load:
        found = data(world, "top")
        load.stop()
    assert [one["well"] for one in found] == [True, True]
    assert all(one["memory"] > 0 and one["memoryLimit"] == 64 * 2**20 for one in found)
    assert 20 < sum(one["requestsPerSecond"] for one in found) < 100
    assert {one["errorShare"] for one in found} == {0.0}
    shown = world.gitops("top").out
    assert "64.0 MiB" in shown
    assert world.project not in shown
