"""The command line of gitops as a process: run to its end, or watched while it runs."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Condition, Thread
from typing import NamedTuple

COMMAND = (sys.executable, "-m", "gitops")
TIMEOUT = 120.0


class Result(NamedTuple):
    """How a command ended, and what it said."""

    command: str
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All that it said."""
        return self.out + self.err

    def __str__(self) -> str:
        return f"$ {self.command}\nexit code {self.code}\n--- out\n{self.out}--- err\n{self.err}"


def run(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    folder: Path,
    within: Sequence[str] = (),
) -> Result:
    """Run gitops to its end, without a terminal; `within` is a command that runs it."""
    done = subprocess.run(
        [*within, *COMMAND, *arguments],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    return Result(f"gitops {' '.join(arguments)}", done.returncode, done.stdout, done.stderr)


class Running:
    """A gitops that works in the background; `lines` are what it has said so far."""

    def __init__(self, arguments: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
        self.command = f"gitops {' '.join(arguments)}"
        self.lines: list[str] = []
        self._said = Condition()
        self._process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def text(self) -> str:
        """All that it has said."""
        return "".join(f"{line}\n" for line in list(self.lines))

    def wait_line(self, pattern: str, timeout: float = 30.0, start: int = 0) -> str:
        """Return the first line, from number `start` on, in which `pattern` is found."""
        deadline = time.monotonic() + timeout
        place = start
        with self._said:
            while True:
                for line in self.lines[place:]:
                    if re.search(pattern, line):
                        return line
                place = max(len(self.lines), start)
                left = deadline - time.monotonic()
                ended = not self._reader.is_alive()
                if left <= 0 or ended:
                    why = "it ended" if ended else f"not within {timeout:g} s"
                    raise AssertionError(f"no line with {pattern!r} ({why}):\n{self.text}")
                self._said.wait(min(left, 0.5))

    def alive(self) -> bool:
        """Say whether it still runs."""
        return self._process.poll() is None

    def kill9(self) -> None:
        """End it without a chance to tidy up."""
        self._process.kill()
        self.wait()

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.send(signal.SIGINT)

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def wait(self, timeout: float = 60.0) -> int:
        """Return its exit code when it has ended."""
        code = self._process.wait(timeout)
        self._reader.join(timeout)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code

    def stop(self) -> None:
        """End it if it still runs."""
        if self.alive():
            self._process.kill()
        self.wait()

    def _read(self) -> None:
        if self._process.stdout is None:
            return
        for line in self._process.stdout:
            with self._said:
                self.lines.append(line.rstrip("\n"))
                self._said.notify_all()
        with self._said:
            self._said.notify_all()
