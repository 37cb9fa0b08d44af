"""Programs that outlived the run that started them, with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from engine_fixtures import eventually

from gitops.drivers.leftover_processes import (
    VARIABLE,
    LeftoverProcess,
    end,
    end_leftovers,
    leftover_processes,
)
from gitops.drivers.processes import is_alive, this_host, this_process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of environments")
Start = Callable[..., "subprocess.Popen[bytes]"]
HOST = f"test-{uuid.uuid4().hex}"
"""A machine that nobody else knows: no other test may take our processes for leftovers."""
GONE = f"{HOST}|999999999:1"


def alive(host: str, process: str) -> bool | None:
    return is_alive(this_host() if host == HOST else host, process)


@pytest.fixture
def start() -> Iterator[Start]:
    """Give what starts a marked shell script in a session of its own; all are killed."""
    begun: list[subprocess.Popen[bytes]] = []

    def start_(script: str, mark: str, **options: object) -> subprocess.Popen[bytes]:
        environ = {**os.environ, VARIABLE: mark} if mark else dict(os.environ)
        chosen = {"start_new_session": True, **options}
        made = subprocess.Popen(["sh", "-c", script], env=environ, **chosen)  # type: ignore[call-overload]
        begun.append(made)
        return made  # type: ignore[no-any-return]

    yield start_
    for one in begun:
        one.kill()
        one.wait()


def of_run(run: str) -> list[LeftoverProcess]:
    return [one for one in leftover_processes(alive) if one.run == run]


def marked(run: str, count: int) -> list[LeftoverProcess]:
    """Return the processes of a run, once there are `count`."""
    eventually(lambda: len(of_run(run)) == count)
    return of_run(run)


def lives(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is None


def test_whole_group_of_a_dead_run_ends(start: Start) -> None:
    """All processes that a dead run started are found and ended, children included."""
    parent = start("sleep 61 & sleep 62 & wait", f"dead1|{GONE}")
    found = marked("dead1", 3)
    end(found)
    assert parent.wait(5) == -signal.SIGTERM
    assert of_run("dead1") == []


def test_one_that_ignores_the_request_is_killed(start: Start, tmp_path: Path) -> None:
    """A process that does not end when it is asked to is killed."""
    ready = tmp_path / "ready"
    stubborn = start(f"trap '' TERM; touch {ready}; while :; do sleep 0.2; done", f"dead2|{GONE}")
    eventually(ready.exists)
    end(of_run("dead2"))
    assert stubborn.wait(5) == -signal.SIGKILL
    assert of_run("dead2") == []


def test_others_are_left_alone(start: Start) -> None:
    """Processes without a mark, of a run that lives, or of another machine are not touched."""
    unmarked = start("exec sleep 63", "")
    ours = start("exec sleep 64", f"alive|{HOST}|{this_process()}")
    far = start("exec sleep 65", "far|another:machine:pid:[1]|999999999:1")
    broken = start("exec sleep 66", "no mark at all")
    dead = start("exec sleep 67", f"dead3|{GONE}")
    marked("dead3", 1)
    told = end_leftovers(alive)
    assert any(f"process {dead.pid} " in line and "of run dead3" in line for line in told)
    assert dead.wait(5) == -signal.SIGTERM
    assert all(map(lives, (unmarked, ours, far, broken)))


def test_group_of_ours_is_not_signalled(start: Start) -> None:
    """A marked process in a group that is not its own ends alone."""
    leader = start("sleep 68 & wait", "", start_new_session=False, process_group=0)
    inside = start(
        "exec sleep 69", f"dead4|{GONE}", start_new_session=False, process_group=leader.pid
    )
    end(marked("dead4", 1))
    assert inside.wait(5) == -signal.SIGTERM
    assert lives(leader)
