from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gitops.model.records import LogLine
from gitops.store.faults import StoreError
from gitops.store.step_log import BATCH, LONGEST
from gitops.store.store import Store

Begin = Callable[..., str]


def eventually(check: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not check() and time.monotonic() < deadline:
        time.sleep(0.01)
    return check()


def test_a_closed_log_is_complete(store: Store, begin: Begin) -> None:
    """After close every line is there, in order, with its time, whatever the batches were."""
    run, before = begin(), time.time()
    with store.runs.step_log(run, 1) as log:
        for number in range(BATCH * 2 + 7):
            log.write(f"line {number}")
    lines = store.runs.log(run)
    assert [line.line for line in lines] == [f"line {number}" for number in range(BATCH * 2 + 7)]
    assert all(before <= line.time <= time.time() for line in lines)
    assert {(line.run, line.step) for line in lines} == {(run, 1)}


def test_a_lone_line_can_be_read_soon(store: Store, begin: Begin) -> None:
    """A line is readable shortly after, though nothing follows it and the log stays open."""
    run = begin()
    with store.runs.step_log(run, 1) as log:
        log.write("pulling")
        assert eventually(lambda: len(store.runs.log(run)) == 1)
        log.write("pulled")
        assert eventually(lambda: len(store.runs.log(run)) == 2)


def test_a_full_batch_can_be_read_at_once(store: Store, begin: Begin) -> None:
    """Two hundred lines do not wait for the clock."""
    run = begin()
    with store.runs.step_log(run, 1) as log:
        for _ in range(BATCH):
            log.write("x")
        assert len(store.runs.log(run)) == BATCH


def test_a_log_is_followed_while_eight_steps_write(store: Store, begin: Begin) -> None:
    """A follower sees each line of eight steps once, and each step's lines in order."""
    run, each = begin(), 1500

    def write(step: int) -> None:
        with store.runs.step_log(run, step) as log:
            for number in range(each):
                log.write(f"{step} {number}")

    threads = [threading.Thread(target=write, args=(step,)) for step in range(1, 9)]
    for thread in threads:
        thread.start()
    seen: list[LogLine] = []
    working = True
    while working:
        working = any(thread.is_alive() for thread in threads)
        seen.extend(store.runs.log(run, after=seen[-1].sequence if seen else 0))
    assert len(seen) == 8 * each
    for step in range(1, 9):
        mine = [line.line for line in seen if line.step == step]
        assert mine == [f"{step} {number}" for number in range(each)]
        assert [line.line for line in store.runs.log(run, step)] == mine


def test_one_log_may_have_several_writers(store: Store, begin: Begin) -> None:
    """Threads that share a step's log lose no line."""
    run = begin()

    def write() -> None:
        for _ in range(500):
            log.write("x")

    with store.runs.step_log(run, 1) as log:
        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(store.runs.log(run)) == 2000


def test_an_endless_line_is_cut(store: Store, begin: Begin) -> None:
    """A line of a megabyte is cut, and says by how much."""
    run = begin()
    with store.runs.step_log(run, 1) as log:
        log.write("x" * (LONGEST + 1_000_000))
    assert store.runs.log(run)[0].line == "x" * LONGEST + "... (1000000 more characters)"


def test_a_closed_log_takes_no_line(store: Store, begin: Begin) -> None:
    """Writing after close is a mistake that is reported; closing again is fine."""
    log = store.runs.step_log(begin(), 3)
    log.close()
    log.close()
    with pytest.raises(ValueError, match="log of step 3 is closed"):
        log.write("late")


def test_a_step_does_not_fail_with_its_log(store: Store, begin: Begin, path: Path) -> None:
    """When the database cannot be written, writing lines goes on and close tells what was wrong."""
    log = store.runs.step_log(begin(), 1)
    store.close()
    path.write_bytes(b"garbage " * 1000)
    for _ in range(BATCH * 2):
        log.write("x")
    with pytest.raises(StoreError, match="is damaged"):
        log.close()
