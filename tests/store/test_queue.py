from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from support.eventual import eventually

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.processes import is_gone, this_host, this_process
from gitops.engine.tasks.ports import Queue, Ticket
from gitops.settings import SettingsError, read_settings
from gitops.store.queue_file import Held
from gitops.store.queue_order import order, told_place
from gitops.wiring.task_memory import QUEUE, open_queue

WORKER = """
import sys, threading, time
from gitops.drivers.processes import this_host, this_process
from gitops.engine.tasks.ports import Ticket
from gitops.settings import read_settings
from gitops.wiring.task_memory import open_queue
state, limit, project, run = sys.argv[1:5]
queue = open_queue(read_settings({"GITOPS_STATE": state, "GITOPS_BUILDS": limit}, "u", "h"))
ticket = Ticket(run, project, "shop", 0, time.time(), this_host(), this_process())
with queue.turn(ticket, threading.Event(), lambda words: print("told", words, flush=True)):
    print("turn", time.monotonic(), flush=True)
    sys.stdin.readline()
    print("done", time.monotonic(), flush=True)
"""


class Worker:
    """A process that waits for a turn, and keeps it until it is let go."""

    def __init__(self, state: Path, limit: int, project: str, run: str) -> None:
        self.run = run
        self.said: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(state), str(limit), project, run],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def says(self, word: str) -> float:
        """Return when it said `turn` or `done`; 0 if it has not."""
        return next((float(line.split()[1]) for line in self.said if line.startswith(word)), 0.0)

    @property
    def waits(self) -> bool:
        """Whether it was told its place."""
        return any(line.startswith("told") for line in self.said)

    def let_go(self) -> None:
        """End its turn as soon as it has it."""
        if self._process.stdin is not None:
            self._process.stdin.write("\n")
            self._process.stdin.flush()

    def kill(self) -> None:
        """End it without a chance to tidy up."""
        self._process.kill()
        self._process.wait(30)
        self._reader.join(30)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _read(self) -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                # Each as it comes: a test waits for it.
                self.said.append(line)


@pytest.fixture
def workers() -> Iterator[list[Worker]]:
    """Collect workers, and end those that are left."""
    made: list[Worker] = []
    yield made
    for worker in made:
        worker.kill()


def queue_of(state: Path, limit: int = 2) -> Queue:
    """Return the queue of a state folder."""
    environ = {"GITOPS_STATE": str(state), "GITOPS_BUILDS": str(limit)}
    return open_queue(read_settings(environ, "ann", "laptop"))


def ticket(run: str, project: str = "demo", priority: int = 0) -> Ticket:
    """Return a ticket of this process."""
    return Ticket(run, project, "shop", priority, time.time(), this_host(), this_process())


def is_told(worker: Worker) -> bool:
    """Say whether a worker was told its place."""
    return worker.waits


def unheard(_words: str) -> None:
    """Hear nothing."""


def test_a_free_turn_costs_little(tmp_path: Path) -> None:
    """With nobody before, a turn begins at once: the best of 30 takes less than 5 ms."""
    queue, took = queue_of(tmp_path), []
    for number in range(30):
        begun = time.perf_counter()
        with queue.turn(ticket(f"r{number}"), threading.Event(), pytest.fail):
            took.append(time.perf_counter() - begun)
    assert min(took) < 0.005


def test_the_limit_is_never_exceeded(tmp_path: Path, workers: list[Worker]) -> None:
    """Of six processes with a limit of two, never more than two have a turn, and all get one."""
    workers += [Worker(tmp_path, 2, f"p{number % 3}", f"r{number}") for number in range(6)]
    for worker in workers:
        worker.let_go()
    eventually(lambda: all(worker.says("done") for worker in workers), 60)
    moments = sorted(
        [(worker.says("turn"), 1) for worker in workers]
        + [(worker.says("done"), -1) for worker in workers]
    )
    busy = [sum(change for _, change in moments[: n + 1]) for n in range(len(moments))]
    assert max(busy) <= 2


def test_a_killed_holder_frees_its_turn(tmp_path: Path, workers: list[Worker]) -> None:
    """When the process whose turn it is gets killed, the turn of the next one begins soon."""
    first = Worker(tmp_path, 1, "demo", "r1")
    workers.append(first)
    eventually(lambda: first.says("turn"))
    second = Worker(tmp_path, 1, "demo", "r2")
    workers.append(second)
    eventually(lambda: second.waits)
    assert "place 1 of 1: waiting for run r1 of BuildTask/shop (" in second.said[0]
    first.kill()
    killed = time.monotonic()
    eventually(lambda: second.says("turn"))
    assert second.says("turn") - killed < 1.0


def test_a_killed_one_who_waits_holds_up_nobody(tmp_path: Path, workers: list[Worker]) -> None:
    """A process that is killed while it waits is passed over."""
    with ExitStack() as holding:
        holding.enter_context(queue_of(tmp_path, 1).turn(ticket("r0"), threading.Event(), unheard))
        for number in (1, 2):
            worker = Worker(tmp_path, 1, "demo", f"r{number}")
            workers.append(worker)
            eventually(partial(is_told, worker))
        workers[0].kill()
    eventually(lambda: workers[1].says("turn"))


def test_projects_take_turns(tmp_path: Path, workers: list[Worker]) -> None:
    """A project that asks for one run does not wait for all that another asked for before."""
    with ExitStack() as holding:
        holding.enter_context(
            queue_of(tmp_path, 1).turn(ticket("r0", "big"), threading.Event(), unheard)
        )
        for run, project in (("r1", "big"), ("r2", "big"), ("r3", "small")):
            worker = Worker(tmp_path, 1, project, run)
            worker.let_go()
            workers.append(worker)
            eventually(partial(is_told, worker))
    eventually(lambda: all(worker.says("done") for worker in workers), 60)
    assert [one.run for one in sorted(workers, key=lambda one: one.says("turn"))] == [
        *("r3", "r1", "r2"),
    ]


def test_waiting_can_be_called_off(tmp_path: Path) -> None:
    """A raised flag ends the waiting with CANCELLED, and leaves no ticket."""
    queue, cancel = queue_of(tmp_path, 1), threading.Event()
    with (
        queue.turn(ticket("r1"), threading.Event(), unheard),
        pytest.raises(DriverError) as caught,
        queue.turn(ticket("r2"), cancel, lambda _words: cancel.set()),
    ):
        pytest.fail("it is not its turn")
    assert caught.value.kind is ErrorKind.CANCELLED
    with queue.turn(ticket("r3"), threading.Event(), pytest.fail):
        pass


def test_a_deleted_or_damaged_file_stops_nobody(tmp_path: Path) -> None:
    """The file may be deleted while somebody waits, or be damaged by a power cut."""
    queue, path = queue_of(tmp_path, 1), tmp_path / QUEUE
    with (
        queue.turn(ticket("r1"), threading.Event(), unheard),
        queue.turn(ticket("r2"), threading.Event(), lambda _words: path.unlink()),
    ):
        pass
    path.write_bytes(b"no database" * 1000)
    with queue.turn(ticket("r3"), threading.Event(), unheard):
        pass


def test_the_number_at_work_is_a_setting(tmp_path: Path) -> None:
    """GITOPS_BUILDS says how many work at once; what is no number from 1 on is refused by name."""
    with ExitStack() as holding:
        for number in range(3):
            turn = queue_of(tmp_path, 3).turn(ticket(f"r{number}"), threading.Event(), pytest.fail)
            holding.enter_context(turn)
    assert read_settings({}, "ann", "laptop").builds == 2
    for text in ("0", "-1", "two", "1.5"):
        with pytest.raises(SettingsError, match="GITOPS_BUILDS"):
            read_settings({"GITOPS_BUILDS": text}, "ann", "laptop")


def test_a_process_before_the_last_start_is_gone() -> None:
    """A process of this machine from before it was started anew is gone; another's is unknown."""
    machine, _, rest = this_host().partition(":")
    namespace = rest.partition(":")[2]
    assert not is_gone(this_host(), this_process())
    assert is_gone(this_host(), "1:0")
    assert is_gone(f"{machine}:an-earlier-start:{namespace}", "1:0") is bool(machine)
    assert not is_gone(f"another-machine:an-earlier-start:{namespace}", "1:0")


def held(number: int, project: str = "a", priority: int = 0, since: float | None = None) -> Held:
    """Return a ticket in the file, asked for in the order of the numbers."""
    return Held(number, f"r{number}", project, "shop", priority, 10.0, "h", "1", 50.0, since)


def test_the_order_is_fair() -> None:
    """Fewest at work first, then the longest without a turn, then priority, then age."""
    working = (held(1, "a", since=5.0),)
    waiting = (held(2, "a"), held(3, "b"), held(4, "b", priority=9), held(5, "c"), held(6, "a", 1))
    found = [one.run for one in order(waiting, working, {"b": 1, "c": 2})]
    assert found == ["r4", "r5", "r6", "r3", "r2"]


def test_the_words_change_every_ten_seconds() -> None:
    """Whoever waits hears for how long the oldest run has been at work, in steps of ten seconds."""
    working = (held(1, since=100.0), held(2, since=90.0))
    assert told_place(3, 5, working, 179.0) == (
        "place 3 of 5: waiting for run r2 of BuildTask/shop (1m20s)"
    )
    assert told_place(3, 5, working, 171.0) == told_place(3, 5, working, 179.0)
    assert told_place(1, 2, (), 0.0) == "place 1 of 2: others come first"
