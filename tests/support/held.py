"""Requests that last: a slow one, a stream and a WebSocket, each in the background of a test."""

from __future__ import annotations

import http.client
import time
from threading import Event, Thread
from typing import NamedTuple, Protocol, Self

from support.connecting import connect
from support.storm_report import Aim
from support.websocket import CLOSE, TEXT, WebSocketError, WebSocketStream

LONGER = 20.0
"""Seconds that an answer may take beyond what was asked for."""

BEAT = 0.1


class Outcome(NamedTuple):
    """What became of a request.

    `whole` says that it came to its proper end; `reason` says why not, `text` what was received
    last, `host` which replica answered, and `seconds` how long it all took.
    """

    whole: bool
    reason: str
    text: str
    host: str
    seconds: float


class Work(Protocol):
    """What is done in the background: fills `host` and `text`, and raises what goes wrong."""

    def __call__(self, held: Held) -> None:
        """Ask, and return when the answer is whole."""


class Held:
    """A request in the background; `begun` is set when its answer begins or it was sent."""

    def __init__(self, aim: Aim, work: Work) -> None:
        self.aim = aim
        self.begun = Event()
        self.released = Event()
        self.host = ""
        self.text = ""
        self._work = work
        self._outcome: Outcome | None = None
        self.asked = time.monotonic()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self.begun.wait(LONGER), f"{aim} was not reached in {LONGER:g} s"

    @property
    def ended(self) -> bool:
        """Whether it is over, well or not."""
        return not self._thread.is_alive()

    def wait(self, timeout: float = 60.0) -> Outcome:
        """Return its outcome when it is over."""
        self._thread.join(timeout)
        assert self._outcome is not None, f"{self.aim} was not over in {timeout:g} s"
        return self._outcome

    def close(self, timeout: float = 10.0) -> Outcome:
        """End a WebSocket in an orderly way; return what became of it."""
        self.released.set()
        return self.wait(timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()

    def _run(self) -> None:
        reason = ""
        try:
            self._work(self)
        except (OSError, ValueError, http.client.HTTPException, WebSocketError) as error:
            reason = f"{type(error).__name__}: {error}"
        seconds = time.monotonic() - self.asked
        self._outcome = Outcome(not reason, reason, self.text, self.host, seconds)
        self.begun.set()


def slow_request(aim: Aim, seconds: float = 10.0) -> Held:
    """Ask for what takes `seconds` to answer; `text` is the answer."""

    def work(held: Held) -> None:
        with _asked(aim, f"/slow?s={seconds:g}", seconds + LONGER) as connection:
            held.begun.set()
            held.text = _answer(connection).read().decode()
        held.host = held.text.split()[-2]

    return Held(aim, work)


def stream(aim: Aim, seconds: float = 10.0) -> Held:
    """Read a stream of a line each 100 ms for `seconds`; whole if no line is missing."""

    def work(held: Held) -> None:
        with _asked(aim, f"/stream?s={seconds:g}", LONGER) as connection:
            answer = _answer(connection)
            for number in range(int(seconds * 10)):
                line = answer.readline().decode().split()
                held.host = held.host or (line or [""])[0]
                held.text = " ".join(line)
                held.begun.set()
                _expect(held.text, f"{held.host} {number}")
            held.text = answer.read().decode()
            _expect(held.text, "end\n")

    return Held(aim, work)


def web_socket(aim: Aim, path: str = "/ws") -> Held:
    """Talk to an echo over a WebSocket until `close`; whole if each text came back."""

    def work(held: Held) -> None:
        with connect(aim, LONGER) as connection:
            talk = WebSocketStream(connection, aim.host, path)
            held.host = talk.receive(TEXT).split()[-1]
            number = 0
            while not held.released.wait(BEAT if number else 0):
                number += 1
                held.text = f"{number} texts"
                talk.send(TEXT, str(number).encode())
                _expect(talk.receive(TEXT), str(number))
                held.begun.set()
            talk.send(CLOSE, (1000).to_bytes(2))
            talk.receive(CLOSE)

    return Held(aim, work)


class _Asked(http.client.HTTPConnection):
    """A connection on which a request was sent; a `with` closes it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _asked(aim: Aim, path: str, timeout: float) -> _Asked:
    connection = _Asked(aim.address, aim.port, timeout=timeout)
    connection.sock = connect(aim, timeout)
    connection.request("GET", path, headers={"Host": aim.host})
    return connection


def _answer(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
    answer = connection.getresponse()
    if answer.status != 200:
        raise ValueError(f"status {answer.status}: {answer.read(80).decode(errors='replace')}")
    return answer


def _expect(found: str, wanted: str) -> None:
    if found != wanted:
        raise ValueError(f"{wanted!r} was to come, and {found!r} came")
