from __future__ import annotations

import time
from pathlib import Path
from threading import Event, Timer
from typing import BinaryIO

import pytest
from support.eventual import eventually

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.command import CommandOptions, run
from gitops.drivers.redact import Redactor
from gitops.model.secret import Secret

FAMILY = "sleep 300 & echo $! > child; echo $$ > parent; wait"


def gone(pid: int) -> bool:
    """Say whether a process has ended (a zombie has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] in "ZX"
    except FileNotFoundError:
        return True


def ends(pid: int) -> bool:
    """Say whether a process ends: one that was killed is there until the kernel is done with it."""
    return bool(eventually(lambda: gone(pid), what=f"process {pid} is still there"))


def family(folder: Path) -> list[int]:
    return [int((folder / name).read_text()) for name in ("parent", "child")]


def test_output_comes_line_by_line_and_redacted() -> None:
    """Each line reaches the callback, without its end and without secrets, and the answer."""
    lines: list[str] = []
    options = CommandOptions(
        stdin=b"hunter22\n", output=lines.append, redact=Redactor([Secret("hunter22")])
    )
    done = run(["sh", "-c", "cat; echo two >&2; exit 3"], options)
    assert sorted(lines) == ["***", "two"]
    assert (done.code, done.stdout, done.stderr) == (3, "***\n", "two\n")


def test_a_timeout_ends_the_whole_group(tmp_path: Path) -> None:
    """When time is up, the program's children end too, and the error is TIMEOUT."""
    with pytest.raises(DriverError) as caught:
        run(["sh", "-c", FAMILY], CommandOptions(cwd=str(tmp_path), timeout=0.5))
    assert caught.value.kind is ErrorKind.TIMEOUT
    assert all(map(ends, family(tmp_path)))


def test_silence_counts_as_hanging() -> None:
    """A program that says nothing for `quiet` seconds is ended; one that talks is not."""
    with pytest.raises(DriverError, match="said nothing"):
        run(["sleep", "300"], CommandOptions(quiet=0.4))
    talk = "for i in 1 2 3 4 5; do echo $i; sleep 0.2; done"
    assert run(["sh", "-c", talk], CommandOptions(quiet=0.8)).code == 0


def test_a_cancel_ends_the_whole_group(tmp_path: Path) -> None:
    """A raised flag ends the program and its children, even those that ignore SIGTERM."""
    flag = Event()
    timer = Timer(0.5, flag.set)
    timer.start()
    script = f"trap '' TERM; {FAMILY}; sleep 300"
    with pytest.raises(DriverError) as caught:
        run(["sh", "-c", script], CommandOptions(cwd=str(tmp_path), cancel=flag))
    timer.join()
    assert caught.value.kind is ErrorKind.CANCELLED
    assert all(map(ends, family(tmp_path)))


def test_a_child_that_keeps_the_pipe_does_not_keep_us(tmp_path: Path) -> None:
    """A program that leaves a child in the background with its output is over when it ends."""
    began = time.monotonic()
    run(["sh", "-c", "sleep 300 & echo $! > child"], CommandOptions(cwd=str(tmp_path)))
    assert time.monotonic() - began < 60
    assert ends(int((tmp_path / "child").read_text()))


def test_an_input_that_fails_ends_the_program_before_its_end_of_file(tmp_path: Path) -> None:
    """Half an input is never taken for a whole one: the program does not live to see its end."""

    def half(stream: BinaryIO) -> None:
        stream.write(b"half")
        stream.flush()
        raise DriverError(ErrorKind.CONFLICT, "it changed")

    with pytest.raises(DriverError, match="it changed"):
        run(["sh", "-c", "cat; touch done"], CommandOptions(cwd=str(tmp_path), stdin=half))
    assert not (tmp_path / "done").exists()


def test_a_program_that_stops_reading_is_no_error() -> None:
    """An exit before all input was read is told by the exit code alone."""
    assert run(["sh", "-c", "exit 4"], CommandOptions(stdin=b"x" * 1_000_000)).code == 4


def test_a_missing_program_is_named() -> None:
    """The error for a program that is not there is MISSING and names it."""
    with pytest.raises(DriverError, match="no-such-program") as caught:
        run(["no-such-program"])
    assert caught.value.kind is ErrorKind.MISSING
