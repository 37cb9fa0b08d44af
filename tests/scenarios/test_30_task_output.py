"""Obligation: 100 MB of a step's output are kept whole, in little memory, however it is read."""

from __future__ import annotations

import hashlib
import subprocess
import time
from pathlib import Path

import pytest
from support.eventual import eventually
from support.process import COMMAND
from support.quick import Quick

pytestmark = pytest.mark.scenario

LINES = 1_000_000
"""Of 100 bytes each, with their ends."""
MOST = 150 << 20
"""Bytes of memory that gitops may use while it runs a task."""
SWEPT = b"left by a run whose process died: "
"""How a run tells of what it has taken away for others: those of scenarios that kill theirs."""
GROWTH = 40 << 20
"""Bytes of memory that 100 MB of output may cost more than one line."""
LATE = 10.0
"""Seconds after the run by which its readers have ended."""


class Loud:
    """A run whose step prints numbered lines as fast as it can, and the readers of its log."""

    def __init__(self, quick: Quick, lines: int, out: int) -> None:
        self._quick = quick
        self.err = quick.folder / f"err-{lines}"
        self.began = time.monotonic()
        told = f'BEGIN {{ for (i = 0; i < {lines}; i++) printf "%099d\\n", i }}'
        with self.err.open("wb") as err:
            command = f"busybox awk '{told}'"
            self.process = self._started(["run", "--cmd", command], out, err.fileno())
        self.run = eventually(self._named, what="the run says its id")

    def reader(self, out: int, *options: str) -> subprocess.Popen[bytes]:
        """Begin to read the log."""
        return self._started(["logs", self.run, *options], out, subprocess.DEVNULL)

    def end(self) -> tuple[int, float]:
        """Wait for its end; return the most memory that it used, in bytes, and its seconds."""
        peak = 0

        def ended() -> bool:
            nonlocal peak
            # The kernel keeps the most there was: looking now and then misses next to nothing.
            peak = max(peak, _peak(self.process.pid))
            return self.process.poll() is not None

        eventually(ended, 90, "the run ends")
        assert self.process.returncode == 0, self.err.read_text()
        return peak, time.monotonic() - self.began

    def _started(self, words: list[str], out: int, err: int) -> subprocess.Popen[bytes]:
        world = self._quick.world
        return subprocess.Popen(
            [*COMMAND, *words, "--project", world.project],
            cwd=self._quick.folder,
            env=world.environ,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )

    def _named(self) -> str:
        first, end, _ = self.err.read_text().partition("\n")
        return first.split()[1] if end else ""


def _peak(pid: int) -> int:
    """Return the most memory a process had, in bytes; 0 when it has ended."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10
    return 0


def _expected() -> str:
    made = hashlib.sha256()
    for number in range(LINES):
        made.update(b"%099d\n" % number)
    return made.hexdigest()


def _seen(path: Path) -> tuple[int, str]:
    """Return the size and the digest of what the step has printed."""
    made, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        for line in stream:
            if not line.startswith(SWEPT):
                made.update(line)
                size += len(line)
    return size, made.hexdigest()


def test_100_mb_reach_everyone_whole(quick: Quick) -> None:
    """100 MB reach log, terminal and followers whole, though one leaves; memory stays flat."""
    small = Loud(quick, 1, subprocess.DEVNULL)
    least, _ = small.end()
    places = [quick.folder / name for name in ("terminal", "one", "two", "after")]
    with places[0].open("wb") as terminal, places[3].open("wb") as after:
        loud = Loud(quick, LINES, terminal.fileno())
        readers = []
        for place in places[1:3]:
            with place.open("wb") as stream:
                readers.append(loud.reader(stream.fileno(), "-f"))
        leaves = loud.reader(subprocess.PIPE, "-f")
        assert leaves.stdout
        with leaves.stdout:
            assert leaves.stdout.read(20 << 20)
        leaves.kill()
        leaves.wait()
        assert loud.process.poll() is None, "the reader left after the end of the run"
        peak, seconds = loud.end()
        for reader in readers:
            assert reader.wait(LATE) == 0
        assert loud.reader(after.fileno()).wait(30) == 0
    took = f"{LINES / 10_000 / seconds:.1f} MB/s, {peak >> 20} MB; for one line {least >> 20} MB"
    assert peak < MOST, took
    assert peak - least < GROWTH, took
    expected = _expected()
    assert list(map(_seen, places)) == [(LINES * 100, expected)] * 4


@pytest.mark.parametrize("of", ["log", "terminal"])
def test_a_reader_that_stands_still(quick: Quick, of: str) -> None:
    """A run ends in its own time although somebody who reads it takes nothing any more."""
    if of == "log":
        loud = Loud(quick, LINES // 4, subprocess.DEVNULL)
        slow = loud.reader(subprocess.PIPE, "-f")
        loud.end()
    else:
        loud = Loud(quick, LINES // 4, subprocess.PIPE)
        slow = loud.process
        eventually(lambda: "Succeeded" in _status(quick, loud.run), 60, "the run ends")
    assert quick.left() == []
    assert slow.stdout
    with slow.stdout:
        lines = slow.stdout.readlines()
    assert slow.wait(LATE) == 0
    lines = [line for line in lines if not line.startswith(SWEPT)]
    assert len(lines) == LINES // 4
    assert lines[-1] == b"%099d\n" % (LINES // 4 - 1)


def _status(quick: Quick, run: str) -> str:
    return str(quick.record(run)["status"])
