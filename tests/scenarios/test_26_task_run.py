from __future__ import annotations

import pytest
from support.eventual import eventually
from support.quick import Quick

pytestmark = pytest.mark.scenario

REGISTRY = """version: v1.1.0
steps:
  - {id: app, build: "-t $Registry/%(name)s:$ID ."}
  - {id: left, cmd: "$Registry/%(name)s:$ID cat /www/index.html", when: [app]}
  - {id: right, cmd: "busybox sh -c 'echo new > made.txt'", when: [app]}
  - {id: again, build: "-t $Registry/%(name)s:late -f Dockerfile.late .", when: [left, right]}
  - {id: out, push: ["$Registry/%(name)s:$ID", "%(name)s:late"], when: [again]}
"""


def test_one_command(quick: Quick) -> None:
    """One command runs in a container of its image; its output is shown, its code told."""
    assert "hello\n" in quick.run("--cmd", "busybox echo hello").out
    failed = quick.run("--cmd", "busybox sh -c 'exit 3'", code=1)
    assert "exit code 3" in failed.err


def test_build_run_and_push(quick: Quick, server: str) -> None:
    """A task builds, runs what it built, builds from what a step wrote, and pushes."""
    world = quick.world
    quick.write("Dockerfile", "FROM busybox\nCOPY index.html /www/\n")
    quick.write("Dockerfile.late", "FROM busybox\nCOPY made.txt /\nRUN grep new /made.txt\n")
    quick.write("index.html", "the page\n")
    quick.write("acb.yaml", REGISTRY % {"name": world.project})
    result = quick.run("acb.yaml", ".", "--registry", server)
    assert "left: the page\n" in result.out
    assert f"{server}/{world.project}:late@sha256:" in result.err
    assert world.registry_digest(world.project, "late") in result.err


def test_a_detached_step_is_reached_by_its_id(quick: Quick) -> None:
    """Other steps reach a detached one under its id; it ends with the run."""
    quick.write(
        "acb.yaml",
        "steps:\n"
        '  - {id: web, detach: true, cmd: "busybox httpd -f -p 80 -h /workspace"}\n'
        '  - {id: ask, retries: 20, retryDelay: 1, cmd: "busybox wget -qO- http://web/page"}\n',
    )
    quick.write("page", "from the web\n")
    assert "ask: from the web\n" in quick.run("acb.yaml", ".").out


def test_timeouts_name_the_step(quick: Quick) -> None:
    """A step that takes too long is killed and named, and so is one when the run takes too long."""
    quick.write("acb.yaml", "steps: [{id: slow, timeout: 1, cmd: busybox sleep 60}]\n")
    assert "step slow did not end in 1 s (its timeout)" in quick.run("acb.yaml", code=1).err
    quick.write("acb.yaml", "steps: [{id: slow, cmd: busybox sleep 60}]\n")
    result = quick.run("acb.yaml", "--timeout", "1", code=1)
    assert "Timeout" in result.err
    assert "at work: step slow" in result.err


def test_ctrl_c_cancels(quick: Quick) -> None:
    """Ctrl-C kills the step at work, removes all of the run, and exits with 130."""
    running = quick.start("--cmd", "busybox sleep 300")
    eventually(lambda: len(quick.left()) >= 3)
    running.interrupt()
    assert running.wait(20) == 130
    assert quick.left() == []


def test_what_a_killed_run_left_goes_with_the_next(quick: Quick) -> None:
    """After `kill -9` the next run takes away the containers and volumes, and ends the record."""
    running = quick.start("--cmd", "busybox sleep 300")
    eventually(lambda: len(quick.left()) >= 3)
    running.kill9()
    assert quick.left()
    quick.run("--cmd", "busybox true")


def test_secrets_are_seen_by_steps_only(quick: Quick) -> None:
    """A step gets a secret's value; terminal, dry run and database do not."""
    quick.write(
        "acb.yaml",
        "secrets: [{id: token, keyvault: https://vault/secrets/token}]\n"
        "steps:\n"
        "  - env: ['T={{.Secrets.token}}']\n"
        "    cmd: busybox sh -c 'echo $T; test ${#T} = 11'\n",
    )
    quick.write("token", "very-secret\n")
    told = quick.run("acb.yaml", code=64).err
    assert "'token'" in told
    assert "https://vault/secrets/token" in told
    for more in (("--dry-run",), ()):
        result = quick.run("acb.yaml", "--secret", "token=@token", *more)
        assert "***" in result.out
        assert "very-secret" not in result.out + result.err
    state = b"".join(one.read_bytes() for one in quick.world.state.rglob("*") if one.is_file())
    assert b"very-secret" not in state


def test_the_engine_socket_is_only_there_when_asked_for(quick: Quick) -> None:
    """Without --docker-socket no step can reach the engine or a path of its machine."""
    quick.run("--cmd", "busybox test ! -e /var/run/docker.sock")
    quick.run("--cmd", "busybox test -S /var/run/docker.sock", "--docker-socket")
    told = quick.run("--cmd", "-v /etc:/etc2 busybox true", code=64)
    assert "'/etc' would be a path of the engine's machine" in told.err


def test_a_link_out_of_the_workspace_is_refused(quick: Quick) -> None:
    """A build whose context is a link to `/etc` reads neither the machine's nor any other file."""
    quick.write("Dockerfile", "FROM busybox\nCOPY . /all\n")
    quick.write(
        "acb.yaml",
        "steps:\n  - cmd: busybox ln -s /etc out\n  - build: -f Dockerfile out\n",
    )
    assert "symbolic link 'out'" in quick.run("acb.yaml", ".", code=1).err
