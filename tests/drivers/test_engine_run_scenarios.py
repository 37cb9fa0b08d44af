"""Containers that run once, what containers use, and their lines by time, on a real engine."""

from __future__ import annotations

import re
import time
from threading import Event, Timer

import pytest
from engine_fixtures import Lab, discard, eventually, inspect, lab

from gitops.drivers.base import DriverError, ErrorKind
from gitops.model.secret import EnvSecret, FileSecret, Secret
from gitops.model.webapp import File, Resources

pytestmark = pytest.mark.scenario
__all__ = ["lab"]

MEGABYTE = 1024 * 1024


def script(text: str) -> tuple[str, str, str]:
    return ("sh", "-c", text)


def gone(lab: Lab, name: str) -> bool:
    return lab.http.call("GET", f"/containers/{name}/json").status == 404


def test_run_gives_lines_and_exit_code(lab: Lab) -> None:
    """A container that runs once gives all its lines and its exit code, and is gone then."""
    said: list[str] = []
    wanted = lab.container(
        command=script("cat /a; echo wrong >&2; for i in 1 2 3; do echo $i; done; exit 7"),
        files=(File("/a", "file\n"),),
    )
    assert lab.engine.run_once(wanted, {}, (said.append, Event()), 60) == 7
    assert sorted(said) == ["1", "2", "3", "file", "wrong"]
    assert gone(lab, wanted.name)


def test_run_hides_secrets(lab: Lab) -> None:
    """Values of secrets that a container prints are not in the lines that are given."""
    said: list[str] = []
    one, file = EnvSecret("ONE"), FileSecret("/two.env")
    wanted = lab.container(command=script("echo $ONE $TWO"), env=(("ONE", one),), env_files=(file,))
    secrets = {one: Secret("hunter2"), file: Secret("TWO='pass word'")}
    assert lab.engine.run_once(wanted, secrets, (said.append, Event()), 60) == 0
    assert said == ["*** ***"]


def test_run_can_be_called_off(lab: Lab) -> None:
    """A run that is cancelled is told to stop, may say a last word, and nothing is left of it."""
    said: list[str] = []
    cancel = Event()

    def take(line: str) -> None:
        said.append(line)
        cancel.set()

    text = "trap 'echo undone; exit 1' TERM; echo begun; while :; do sleep 0.1; done"
    wanted = lab.container(command=script(text))
    with pytest.raises(DriverError, match="given up") as caught:
        lab.engine.run_once(wanted, {}, (take, cancel), 60)
    assert caught.value.kind is ErrorKind.CANCELLED
    assert said == ["begun", "undone"]
    assert gone(lab, wanted.name)


def test_run_has_a_time_limit(lab: Lab) -> None:
    """A run that takes too long ends as TIMEOUT, and nothing is left of it."""
    wanted = lab.container(command=script("trap 'exit 1' TERM; while :; do sleep 0.1; done"))
    with pytest.raises(DriverError, match=r"did not end in 0\.5 s") as caught:
        lab.engine.run_once(wanted, {}, (discard, Event()), 0.5)
    assert caught.value.kind is ErrorKind.TIMEOUT
    assert gone(lab, wanted.name)


def test_run_that_cannot_start_leaves_nothing(lab: Lab) -> None:
    """A run whose program is not in the image fails saying so, and nothing is left of it."""
    wanted = lab.container(command=("no-such-program",))
    with pytest.raises(DriverError, match="no-such-program"):
        lab.engine.run_once(wanted, {}, (discard, Event()), 60)
    assert gone(lab, wanted.name)


def test_run_tells_of_a_memory_kill(lab: Lab) -> None:
    """A run that needs more memory than it may have says so in its last line."""
    said: list[str] = []
    wanted = lab.container(
        command=script("exec tail /dev/zero"), resources=Resources(memory=8 * MEGABYTE)
    )
    assert lab.engine.run_once(wanted, {}, (said.append, Event()), 60) == 137
    # The engine (20.10) misses one such kill in twenty on a busy machine.
    assert re.search(r"memory limit (was|may have been) reached", said[-1])


def test_restart_begins_anew(lab: Lab) -> None:
    """A restart ends the process by its stop signal and starts another in the same container."""
    name = lab.run(command=script("trap 'exit 3' TERM; echo up; while :; do sleep 0.1; done"))
    eventually(lambda: lab.engine.logs(name, 5) == ("up",))
    before = inspect(lab, name)
    lab.engine.restart(name, 5)
    after = inspect(lab, name)
    assert after["Id"] == before["Id"]
    assert after["State"]["Pid"] != before["State"]["Pid"]
    eventually(lambda: lab.engine.logs(name, 5) == ("up", "up"))
    with pytest.raises(DriverError, match="could not be restarted") as caught:
        lab.engine.restart(f"{name}-gone", 1)
    assert caught.value.kind is ErrorKind.MISSING


@pytest.mark.timed
def test_usage_is_measured(lab: Lab) -> None:
    """Cores, memory and limit are told of all that run in one go; what does not run is left out."""
    busy = lab.run("busy", command=script("while :; do :; done"), resources=Resources(cpus=0.4))
    hold = "head -c 20000000 /dev/zero | tail -c 20000000 | { sleep 600; cat; }"
    full = lab.run("full", command=script(hold), resources=Resources(memory=64 * MEGABYTE))
    lab.engine.create_container(lab.container("idle"), {})
    idle, absent = f"{lab.name}-idle", f"{lab.name}-absent"
    eventually(lambda: lab.engine.usage([full])[full].memory > 19_000_000)
    begin = time.monotonic()
    used = lab.engine.usage([busy, full, idle, absent])
    assert time.monotonic() - begin < 8
    lab.engine.stop(busy, 0)
    assert set(used) == {busy, full}
    assert 0.2 < used[busy].cpus < 0.6
    assert used[full].cpus < 0.2
    assert (used[busy].limit, used[full].limit) == (0, 64 * MEGABYTE)
    assert 19_000_000 < used[full].memory < 64 * MEGABYTE
    assert lab.engine.usage([]) == {}


def test_log_is_followed_from_a_time(lab: Lab) -> None:
    """Following a log since a time leaves out the lines from before it."""
    name = lab.run(command=script("echo early; while ! [ -e /go ]; do sleep 0.05; done; echo late"))
    eventually(lambda: lab.engine.logs(name, 5) == ("early",))
    since = time.time()
    lines = lab.engine.follow(name, 100, since)
    timer = Timer(0.2, lambda: lab.engine.execute(name, ("touch", "/go")))
    timer.start()
    assert next(iter(lines)) == "late"
    timer.join()
    lines.close()  # type: ignore[attr-defined] # it is a generator
