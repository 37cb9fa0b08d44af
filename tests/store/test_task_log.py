from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from support.eventual import eventually

from gitops.model.task_runs import NewTaskRun, RunStatus, RunType
from gitops.store.faults import StoreError
from gitops.store.store import Store
from gitops.store.task_log import BATCH

NOON = 1_800_000_000.0


@pytest.fixture
def run(store: Store) -> str:
    """Return a run that has been asked for."""
    new = NewTaskRun("demo", "", RunType.QUICK_RUN, (), "{}", NOON, "ann", "laptop", "1:1")
    return store.task_runs.ask(new)


def text_of(store: Store, run: str, step: int | None = None) -> str:
    """Return a log as a whole, read a few blocks at a time."""
    text, after = "", 0
    while blocks := store.task_runs.blocks(run, step, after, limit=3):
        text += "".join(block.text for block in blocks)
        after = blocks[-1].sequence
    return text


def test_a_closed_log_is_complete(store: Store, run: str) -> None:
    """After close all text is there, in order, each step's by itself, whatever it consists of."""
    texts = [f"line {number} é \udcff \r half\n" * 50 for number in range(900)]
    with store.task_runs.log(run) as log:
        for number, text in enumerate(texts):
            log.write(number % 2, text)
    for step in (0, 1):
        assert text_of(store, run, step) == "".join(texts[step::2]).replace("\udcff", "?")


def test_a_lone_line_can_be_read_soon(store: Store, run: str) -> None:
    """A line is readable shortly after, though nothing follows it and the log stays open."""
    with store.task_runs.log(run) as log:
        log.write(1, "pulling\n")
        assert eventually(lambda: text_of(store, run)) == "pulling\n"
        log.write(1, "pulled\n")
        assert eventually(lambda: text_of(store, run, 1) == "pulling\npulled\n")


def test_a_full_block_can_be_read_at_once(store: Store, run: str) -> None:
    """Text of 256 KiB does not wait for the clock, and shrinks to less than a tenth."""
    with store.task_runs.log(run) as log:
        log.write(1, "x" * (BATCH - 1) + "\n")
        (block,) = store.task_runs.blocks(run)
    assert len(block.text) == BATCH
    rows = store._database.read("SELECT length(block) FROM task_log")
    assert rows[0][0] < BATCH / 10


def follow(path: Path, run: str, found: dict[int, str]) -> None:
    """Read a log from a store of one's own until the run has ended; `found` is by step."""
    with Store(path) as mine:
        after, ended = 0, False
        while not ended:
            record = mine.task_runs.find(run)
            ended = record is not None and record.status.ended
            while blocks := mine.task_runs.blocks(run, after=after):
                for block in blocks:
                    found[block.step] = found.get(block.step, "") + block.text
                after = blocks[-1].sequence


def test_many_follow_while_eight_steps_write(store: Store, path: Path, run: str) -> None:
    """Each of six followers sees every line once, and each step's lines in order."""
    each, log = 4000, store.task_runs.log(run)
    seen: list[dict[int, str]] = [{} for _ in range(6)]

    def write(step: int) -> None:
        for number in range(each):
            log.write(step, f"{step} {number}\n")

    readers = [threading.Thread(target=follow, args=(path, run, found)) for found in seen]
    writers = [threading.Thread(target=write, args=(step,)) for step in range(1, 9)]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    log.close()
    store.task_runs.finish(run, RunStatus.SUCCEEDED, "", NOON)
    for thread in readers:
        thread.join()
    wanted = {step: "".join(f"{step} {number}\n" for number in range(each)) for step in range(1, 9)}
    assert all(found == wanted for found in seen)


def test_a_long_log_stays_out_of_memory(store: Store, run: str) -> None:
    """While 30 MB are written, no more than two blocks are held."""
    chunk = ("compiling " * 9 + "\n") * 700
    most = 0
    with store.task_runs.log(run) as log:
        for _ in range(30_000_000 // len(chunk)):
            log.write(1, chunk)
            held = sum(len(text) for _, text in log._items)
            most = max(most, held)
    assert most < 2 * BATCH
    assert sum(len(block.text) for block in store.task_runs.blocks(run, limit=sys.maxsize)) == (
        30_000_000 // len(chunk) * len(chunk)
    )


def test_the_tail_is_found_without_reading_the_rest(store: Store, run: str) -> None:
    """The place of the last lines is told as a block and how many of its lines come before them."""
    with store.task_runs.log(run) as log:
        for step, letter in ((1, "a"), (2, "b"), (1, "c")):
            log.write(step, f"{letter}\n" * (BATCH // 2))
    first, second, third = store.task_runs.blocks(run)
    assert store.task_runs.tail(run, None, 3) == (second.sequence, BATCH // 2 - 3)
    assert store.task_runs.tail(run, None, BATCH // 2 + 1) == (first.sequence, BATCH // 2 - 1)
    assert store.task_runs.tail(run, 1, BATCH) == (first.sequence - 1, 0)
    assert store.task_runs.tail(run, None, sys.maxsize) == (0, 0)
    assert third.step == 1


def test_writing_never_fails_but_closing_says_so(store: Store, path: Path, run: str) -> None:
    """A log that cannot be written fails no step; the error comes when it is closed."""
    log = store.task_runs.log(run)
    store.close()
    path.write_bytes(b"no database" * 1000)
    log.write(1, "x" * BATCH + "\n")
    with pytest.raises(StoreError, match="damaged"):
        log.close()
    log.close()
    with pytest.raises(ValueError, match="closed"):
        log.write(1, "late\n")
