from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gitops.model.address import Address
from gitops.model.records import EventType, Quarantine, RunState
from gitops.store.database import Database
from gitops.store.faults import StoreError
from gitops.store.store import Store

SHOP = Address("WebApp", "shop")
NOON = 1_800_000_000.0

PREAMBLE = """
import sys
from pathlib import Path
from gitops.model.address import Address
from gitops.model.lease import Lease
from gitops.model.records import EventType, NewEvent, NewRun, RunState
from gitops.store.store import Store
path, name = Path(sys.argv[1]), sys.argv[2]
store, shop = Store(path), Address("WebApp", "shop")
lease = Lease(name, name, "laptop", "1", "test")
new = NewRun("demo", "reconcile", "by hand", lease, 1_800_000_000.0)
print("ready", flush=True)
sys.stdin.readline()
"""
WORK = """
for number in range(40):
    run = store.runs.start(new, [])
    with store.runs.step_log(run, 1) as log:
        log.write(f"{name} {number}")
    store.events.append([NewEvent("demo", shop, EventType.NORMAL, "Same", "same", new.started)])
    store.runs.finish(run, RunState.CONVERGED, name, new.started)
store.close()
"""
ENDLESS = """
run = store.runs.start(new, [])
print(run, flush=True)
with store.runs.step_log(run, 1) as log:
    number = 0
    while True:
        log.write(str(number))
        number += 1
"""


def process(script: str, path: Path, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + script, str(path), name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def line(of: subprocess.Popen[str]) -> str:
    assert of.stdout is not None
    return of.stdout.readline().strip()


def go(one: subprocess.Popen[str]) -> None:
    assert one.stdin is not None
    one.stdin.write("go\n")
    one.stdin.flush()


def test_processes_share_a_file_that_none_of_them_made_before(store: Store, path: Path) -> None:
    """Processes that make the file at the same moment and write at once lose nothing."""
    workers = [process(WORK, path, name) for name in ("a", "b", "c")]
    assert [line(worker) for worker in workers] == ["ready"] * 3
    for worker in workers:
        go(worker)
    for worker in workers:
        _, errors = worker.communicate(timeout=120)
        assert (worker.returncode, errors) == (0, "")
    runs = store.runs.list("demo", limit=1000)
    assert sorted(run.message for run in runs) == ["a"] * 40 + ["b"] * 40 + ["c"] * 40
    assert all(len(store.runs.log(run.id)) == 1 for run in runs)
    (event,) = store.events.list("demo")
    assert (event.times, event.address, event.type) == (120, SHOP, EventType.NORMAL)


def test_a_killed_writer_leaves_a_sound_file(store: Store, path: Path) -> None:
    """After kill -9 in the middle of writing, what was committed is there and work goes on."""
    for _ in range(5):
        worker = process(ENDLESS, path, "doomed")
        assert line(worker) == "ready"
        go(worker)
        run = line(worker)
        while len(store.runs.log(run)) < 1000:
            assert worker.poll() is None
        worker.kill()
        worker.communicate(timeout=60)
        assert Database(path).read("PRAGMA integrity_check") == [("ok",)]
        lines = [found.line for found in store.runs.log(run)]
        assert lines == [str(number) for number in range(len(lines))]
        assert len(lines) >= 1000
        (record,) = store.runs.list("demo", state=RunState.RUNNING)
        assert (record.id, record.lease) == (run, "doomed")
        assert store.runs.abandon([run]) == 1


def test_a_reader_does_not_wait_for_a_writer(store: Store, path: Path) -> None:
    """Reading works, and shows the state before, while a write is under way."""
    store.holds.lift("demo")
    database = Database(path)
    with database.write() as transaction:
        transaction.execute(
            "INSERT INTO quarantines VALUES ('demo', 'WebApp/shop', 'aa11', 'Bad', '', 0)"
        )
        assert store.history("demo").quarantined == {}
    assert store.history("demo").quarantined == {SHOP: {"aa11": "Bad"}}
    database.close()


def test_a_writer_that_blocks_all_others_is_reported(path: Path) -> None:
    """Whoever cannot write because another process does not end its write is told so."""
    holder = Database(path)
    writer = Database(path)
    with writer.write() as transaction:
        transaction.execute("PRAGMA busy_timeout = 50")
    told = ""
    with holder.write():
        try:
            with writer.write():
                told = "was let in"
        except StoreError as error:
            told = str(error)
    assert told.startswith(f"the database {path} is busy: another process")
    writer.close()
    holder.close()


def test_a_file_made_by_many_at_once_is_made_once(tmp_path: Path) -> None:
    """Writers that make the same file at the same moment all get in, time after time."""
    writers, rounds = 4, 40
    start = threading.Barrier(writers)

    def write(number: int) -> None:
        for turn in range(rounds):
            with Store(tmp_path / f"{turn}.db") as mine:
                start.wait(timeout=5)
                mine.holds.add(Quarantine("demo", SHOP, str(number), "Bad", "", NOON))

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    for turn in range(rounds):
        found = Store(tmp_path / f"{turn}.db").history("demo").quarantined[SHOP]
        assert found == dict.fromkeys(map(str, range(writers)), "Bad")
