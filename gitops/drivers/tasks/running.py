"""One container of a step from its start to its end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import NamedTuple, TypedDict, cast
from urllib.parse import quote

from gitops.drivers.base import Cancel, DriverError, ErrorKind, Sink, StepEnd
from gitops.drivers.engine.http import Answer, EngineHttp, expect
from gitops.drivers.engine.line import NEVER, Deadline, Line, Lines
from gitops.drivers.engine.words import brief, kind_of_message, taken
from gitops.drivers.tasks.attach import attached, carry
from gitops.drivers.tasks.outside_end import Span, check_own_end
from gitops.drivers.tasks.usage import Samples

_KILLED = 137
"""The exit code of a process that was killed."""
_OOM_LATE = 1.0
"""Seconds after such an end in which the engine may still tell that it was for memory."""
_LOOK = 0.05
_DIES = 30.0
"""Seconds that a killed container may take until it is dead."""
_REFUSED = 400
_GIVEN_UP = StepEnd(_KILLED, given_up=True)


class _State(Span):
    ExitCode: int
    OOMKilled: bool
    Error: str


class _Port(TypedDict, total=False):
    PublicPort: int


class _Listed(TypedDict):
    Names: list[str]
    Ports: list[_Port]


class _Host(TypedDict):
    Memory: int


class _Inspected(TypedDict):
    State: _State
    HostConfig: _Host


class _Failure(TypedDict):
    Message: str


class _Waited(TypedDict):
    StatusCode: int
    Error: _Failure | None


class Runner(NamedTuple):
    """How the engine is reached: calls, and lines for what takes long."""

    http: EngineHttp
    lines: Lines

    def run(self, container: str, sink: Sink, cancel: Cancel) -> StepEnd:
        """Run a container that was created; see `TaskEngine.run`.

        A program that is not there, or cannot be executed, is an end with exit code 127 or 126, as
        with `docker run`.
        """
        with attached(self.lines, container) as output:
            if cancel.is_set():
                return _GIVEN_UP
            refused = self.start(container)
            if refused is not None:
                return refused
            # Asked for now, on a line of its own: when the engine goes away, the line breaks, and
            # no engine that comes back later can pass off another end as this one.
            with (
                self.lines.ask("POST", f"/containers/{container}/wait") as waiting,
                Samples(self.http, container) as used,
            ):
                carry(output, sink, cancel)
                answer = waiting.answer(cancel)
                if answer is None:
                    used.look()
                    output.close()
                    self._kill(container, waiting)
        end = self._end(container, answer) if answer is not None else _GIVEN_UP
        return end._replace(peak_memory=used.memory, cpu=used.cpu)

    def start(self, container: str) -> StepEnd | None:
        """Start a container; return its end if its program could not be begun."""
        what = f"container {brief(container)} could not be started"
        answer = self.http.call("POST", f"/containers/{container}/start")
        if answer.status == _REFUSED:
            state = self._inspect(container)["State"]
            if state["ExitCode"]:
                return StepEnd(state["ExitCode"], error=answer.message)
        if port := taken(answer.message):
            raise DriverError(ErrorKind.CONFLICT, f"{what}: {port.by(self._holders(port.port))}")
        succeed(answer, what)
        return None

    def _holders(self, port: int) -> Iterator[tuple[str, list[int]]]:
        """Give the containers that publish a port, with all that they publish."""
        filters = quote(json.dumps({"publish": [str(port)]}), safe="")
        answer = self.http.call("GET", f"/containers/json?filters={filters}")
        for found in cast("list[_Listed]", expect(answer, f"who has port {port}").json()):
            ports = [one.get("PublicPort", 0) for one in found["Ports"]]
            yield found["Names"][0].lstrip("/"), ports

    def awaited(self, container: str) -> int:
        """Return the exit code of a container when it has ended."""
        with self.lines.ask("POST", f"/containers/{container}/wait") as waiting:
            answer = waiting.answer(NEVER)
        what = f"the end of container {brief(container)} could not be awaited"
        return cast("_Waited", expect(cast("Answer", answer), what).json())["StatusCode"]

    def _kill(self, container: str, waiting: Line) -> None:
        """Kill a container, and return when it is dead."""
        what = f"container {brief(container)} could not be killed"
        answer = self.http.call("POST", f"/containers/{container}/kill")
        if answer.status not in (404, 409):  # gone, or ended by itself
            expect(answer, what)
        if waiting.answer(Deadline(_DIES)) is None:
            raise DriverError(ErrorKind.TIMEOUT, what, f"it still runs after {_DIES:g} s")

    def _end(self, container: str, answer: Answer) -> StepEnd:
        what = f"the end of container {brief(container)} could not be awaited"
        expect(answer, what)
        try:
            told = cast("_Waited", answer.json())
            code = told["StatusCode"]
        except (ValueError, KeyError, TypeError) as error:
            detail = f"the engine went away while it ran, or was started anew ({error})"
            raise DriverError(ErrorKind.UNREACHABLE, what, detail) from error
        found = self._inspect(container)
        # The engine hears of a memory kill apart from the end, and maybe after it.
        late = Deadline(_OOM_LATE if code == _KILLED and found["HostConfig"]["Memory"] else 0.0)
        while not found["State"]["OOMKilled"] and not late.is_set():
            time.sleep(_LOOK)
            found = self._inspect(container)
        check_own_end(self.http, container, found["State"])
        error_text = told["Error"]["Message"] if told["Error"] else found["State"]["Error"]
        return StepEnd(code, out_of_memory=found["State"]["OOMKilled"], error=error_text)

    def _inspect(self, container: str) -> _Inspected:
        what = f"container {brief(container)} could not be looked at"
        answer = expect(self.http.call("GET", f"/containers/{container}/json"), what)
        return cast("_Inspected", answer.json())


def succeed(answer: Answer, what: str) -> Answer:
    """Return `answer` if it is a success; raise `DriverError`, its kind from the engine's words.

    The engine answers 500 to much that is nobody's mistake in it: a port that is taken, a disk that
    is full, a registry that is away.
    """
    if answer.status < 500:  # noqa: PLR2004 - the engine's own failures in HTTP
        return expect(answer, what)
    raise DriverError(kind_of_message(answer.message), what, answer.message)
