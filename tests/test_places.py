"""How scenarios share a machine: the places of tests/support/places.py."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock

from support.eventual import eventually
from support.places import Places

NUMBER = 3


def test_one_that_measures_has_at_most_one_beside_it(tmp_path: Path) -> None:
    """Of many tests never more are at work than there are places, and fewer beside a timed one."""
    places, lock = Places(tmp_path, NUMBER), Lock()
    at_work: list[int] = []
    seen: list[tuple[int, ...]] = []

    def work(wanted: int) -> None:
        with places.taken(wanted):
            with lock:
                at_work.append(wanted)
                seen.append(tuple(sorted(at_work)))
            Event().wait(0.02)
            with lock:
                at_work.remove(wanted)

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(work, [1, 1, 1, 2, 1, 1, 2, 2, 1, 1, 1, 2] * 3))
    assert set(seen) <= {(1,), (1, 1), (1, 1, 1), (2,), (1, 2)}
    assert (1, 1, 1) in seen
    assert (1, 2) in seen


def test_whoever_wants_much_is_not_passed(tmp_path: Path) -> None:
    """While one waits for its second place, nobody who comes later gets one."""
    places = Places(tmp_path, NUMBER)
    order: list[str] = []
    ends = [Event(), Event()]

    def first(number: int) -> None:
        with places.taken(1):
            order.append("first")
            ends[number].wait(10)

    def then(name: str, wanted: int) -> None:
        with places.taken(wanted):
            order.append(name)

    with ThreadPoolExecutor(4) as pool:
        begun = [pool.submit(first, number) for number in (0, 1)]
        eventually(lambda: len(order) == 2)
        begun.append(pool.submit(then, "much", 2))
        eventually(lambda: _locked(tmp_path / "place-queue"), what="it waits")
        begun.append(pool.submit(then, "late", 1))
        ends[0].set()
        eventually(lambda: "late" in order)
        ends[1].set()
        for one in begun:
            one.result()
    assert order == ["first", "first", "much", "late"]


GROUPED = """import os, pathlib, pytest

@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(8))
def test_number(number):
    pathlib.Path(os.environ["PYTEST_XDIST_WORKER"]).touch()
"""


def test_a_group_stays_in_one_process(tmp_path: Path) -> None:
    """Tests of one `xdist_group` are run by one process, so a fixture of theirs is made once."""
    (tmp_path / "test_grouped.py").write_text(GROUPED)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    words = ["-n", "2", "--dist", "loadgroup", "-p", "no:cacheprovider"]
    environ = {key: text for key, text in os.environ.items() if not key.startswith("PYTEST_")}
    subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=tmp_path,
        env=environ,
        check=True,
        capture_output=True,
    )
    assert len(list(tmp_path.glob("gw*"))) == 1


def _locked(path: Path) -> bool:
    """Say whether a process holds the lock of a file."""
    inode = f":{path.stat().st_ino} " if path.exists() else "nothing"
    return inode in Path("/proc/locks").read_text()
