"""What is printed goes where it can, and what cannot be printed fails nothing else."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gitops.cli import exits

SPEC = """
apiVersion: gitops/v1
kind: Registry
metadata: {name: größe}
spec: {server: "localhost:5000"}
"""
MAIN = [sys.executable, "-m", "gitops"]
FULL = Path("/dev/full")
WAITS = """
import sys, threading
from gitops.cli.interrupting import interruptible
from gitops.cli.streams import make_ready
make_ready()
cancel = threading.Event()
with interruptible(cancel, "stopping"):
    print("ready", flush=True)
    cancel.wait(20)
    print("told", flush=True)
    print("told", file=sys.stderr, flush=True)
sys.exit(7 if cancel.is_set() else 1)
"""


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    """Return a file of specs with an error whose message is no ASCII."""
    place = tmp_path / "registry.yaml"
    place.write_text(SPEC, encoding="utf-8")
    return place


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full")
def test_a_full_disk_is_told_not_thrown() -> None:
    """Output that cannot be written ends with a sentence and 1, never with a traceback."""
    with FULL.open("w") as out:
        done = subprocess.run(
            [*MAIN, "schema", "WebApp"], stdout=out, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == exits.FAILED
    assert done.stderr == "error: the output cannot be written: No space left on device\n"


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full")
def test_remarks_that_nobody_can_take_change_nothing(specs: Path) -> None:
    """A standard error that is full or closed leaves the exit code as it is."""
    words = [*MAIN, "validate", "-f", str(specs)]
    told = subprocess.run(words, capture_output=True, check=False)
    with FULL.open("w") as err:
        full = subprocess.run(words, stdout=subprocess.PIPE, stderr=err, check=False)
    assert full.returncode == told.returncode
    assert full.stdout == told.stdout
    command = f"exec {' '.join(words)} 2>&- >&- <&-"
    assert subprocess.run(["sh", "-c", command], check=False).returncode == told.returncode


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    """`| head` makes the end neither a failure nor a traceback."""
    command = f"set -o pipefail; {' '.join(MAIN)} schema WebApp | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_another_encoding_is_answered_with_question_marks(specs: Path) -> None:
    """A terminal that cannot show a character gets another one, not a traceback."""
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    words = [*MAIN, "validate", "-f", str(specs)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == exits.FAILED
    assert "Traceback" not in done.stderr
    assert "gr" in done.stdout + done.stderr


def test_the_end_of_the_terminal_is_an_interruption() -> None:
    """SIGHUP is heeded as Ctrl-C is, and what is said afterwards fails nothing."""
    parent, child = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", WAITS], stdout=child, stderr=child)
    os.close(child)
    assert b"ready" in os.read(parent, 100)
    os.close(parent)
    process.send_signal(signal.SIGHUP)
    assert process.wait(10) == 7


def test_nohup_keeps_the_work_going() -> None:
    """Where the caller has SIGHUP ignored, it stays so."""
    command = ["nohup", sys.executable, "-c", WAITS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 7
