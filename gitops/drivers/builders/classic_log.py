"""What the engine's own builder says: pieces of text, made into lines; and how its steps ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from gitops.drivers.base import Output
from gitops.drivers.builders.log import BuildLog
from gitops.drivers.engine.http import EngineHttp, expect
from gitops.drivers.engine.kills import check_not_killed

_RUNS = re.compile(r" ---> Running in ([0-9a-f]{12,})")


class ClassicLog:
    """Takes what comes as it is cut, and passes on whole lines without secrets."""

    def __init__(self, redact: Callable[[str], str], output: Output) -> None:
        self.kept = BuildLog()
        self.container = ""
        """The container of the last step, as far as its id is told; empty for none."""
        self._redact = redact
        self._output = output
        self._rest = ""

    def add(self, text: str) -> None:
        """Take text that may begin and end in the middle of a line."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._line(line)

    def end(self) -> None:
        """Pass on what has no end of a line."""
        if self._rest:
            self._line(self._rest)
        self._rest = ""

    def _line(self, text: str) -> None:
        line = self._redact(text.rstrip("\r"))
        if runs := _RUNS.match(line):
            self.container = runs[1]
        self.kept.add(line)
        self._output(line)


def check_step_end(http: EngineHttp, container: str) -> None:
    """Raise UNREACHABLE if the container of a step that has just failed was killed, or if the
    engine cannot tell, as it has gone.
    """
    try:
        answer = expect(http.call("GET", "/_ping"), "the engine could not be asked")
        now = int(parsedate_to_datetime(answer.date).timestamp())
        # The engine tells whole seconds: what happened in this one counts, so its end is awaited.
        check_not_killed(http, container, "0", str(now + 1))
    finally:
        http.close()
