"""A storm of real HTTP requests on one address, from a process of its own.

Three kinds of clients, since each is hurt by something else: busy ones that keep a connection and
ask all the time, slow ones that keep a connection and ask seldom (a proxy that ends an idle
connection, or the server behind it, breaks these), and ones that connect anew for each request.
No client asks again for what failed: a request is lost when it is lost once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from support.storm_report import FIVE_HUNDRED, THOUSAND, Aim, Failure, Report, Shape

__all__ = ["FIVE_HUNDRED", "THOUSAND", "Aim", "Failure", "Report", "Shape", "Storm"]

TESTS = Path(__file__).parents[1]
LOOKS = 0.05


class Storm:
    """Asks `aim` while the body of a `with` runs, or from `start` to `stop`.

    `longest` bounds it in seconds, whatever the body does. `within` is a command that runs it in
    another network namespace.
    """

    def __init__(
        self,
        aim: Aim,
        shape: Shape = FIVE_HUNDRED,
        longest: float = 240.0,
        within: Sequence[str] = (),
    ) -> None:
        what = [json.dumps(aim), json.dumps(shape), str(longest)]
        self._command = [*within, sys.executable, "-m", "support.storm_process", *what]
        self._process: subprocess.Popen[str] | None = None
        self._last: Report | None = None

    def start(self) -> Self:
        """Begin; return when the first requests are on their way."""
        self._process = subprocess.Popen(
            self._command,
            env={**os.environ, "PYTHONPATH": str(TESTS)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self._line()
        except AssertionError:
            self._end()
            raise
        return self

    def look(self) -> Report:
        """Return the report so far."""
        process = self._running()
        if process.stdin is not None:
            process.stdin.write("look\n")
            process.stdin.flush()
        return Report.read(self._line())

    def until(self, check: Callable[[Report], object], timeout: float = 20.0) -> Report:
        """Return the first report for which `check` is true; fail after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not check(report := self.look()):
            assert time.monotonic() < deadline, f"not within {timeout:g} s; the storm: {report}"
            time.sleep(LOOKS)
        return report

    def serves(self, *versions: str, timeout: float = 20.0) -> Report:
        """Wait until each of the versions has answered; return the report then."""
        return self.until(lambda report: set(versions) <= set(report.versions), timeout)

    def stop(self) -> Report:
        """End it, if it has not ended, and return the last report."""
        if self._last is None:
            process = self._running()
            if process.stdin is not None:
                process.stdin.close()
            self.wait()
        return self.wait()

    def wait(self) -> Report:
        """Return the last report when its longest time is over."""
        if self._last is None:
            self._last = Report.read(self._line())
            self._end()
        return self._last

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        if failure is None:
            self.stop()
        self._end()

    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None, "the storm was not started, or has ended"
        return self._process

    def _line(self) -> str:
        output = self._running().stdout
        line = output.readline() if output is not None else ""
        assert line, "the storm's process ended before its time; see its error output"
        return line

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for end in (process.stdin, process.stdout):
            if end is not None and not end.closed:
                end.close()
