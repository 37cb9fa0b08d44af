"""Commands with somebody at the keyboard, in containers of a real engine."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from engine_fixtures import ADDRESS, Lab, eventually, lab

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.shell import Streams, attach

pytestmark = pytest.mark.scenario
__all__ = ["lab"]

# One that takes what is typed before it asks: a line editor drops that.
SHELL = """trap : INT; while read -r line; do eval "$line"; done"""
PLAIN = Streams(tty=False)


class Person:
    """Somebody at a terminal: what they type, and what they see."""

    def __init__(self, screen: int) -> None:
        self._screen = screen
        self.seen = ""

    def resize(self, lines: int, columns: int) -> None:
        fcntl.ioctl(self._screen, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self._screen, text.encode())

    def sees(self, text: str) -> bool:
        with suppress(BlockingIOError):
            self.seen += os.read(self._screen, 65536).decode()
        return text in self.seen


@contextmanager
def terminal() -> Iterator[tuple[Person, Streams]]:
    """Give a person and the streams of their terminal."""
    screen, ours = os.openpty()
    os.set_blocking(screen, False)
    try:
        yield Person(screen), Streams(tty=True, input=ours, output=ours, errors=ours)
    finally:
        os.close(screen)
        os.close(ours)


@contextmanager
def piped(text: bytes) -> Iterator[tuple[Streams, int, int]]:
    """Give streams whose input is `text`, and where its output and errors can be read."""
    ends = [os.pipe() for _ in range(3)]
    (read, typed), (output, out), (errors, err) = ends
    os.write(typed, text)
    os.close(typed)
    try:
        yield Streams(tty=False, input=read, output=out, errors=err), output, errors
    finally:
        for each in (read, output, out, errors, err):
            os.close(each)


def test_shell_takes_keys_and_shows_answers(lab: Lab) -> None:
    """A shell takes keys, knows the size, ends with its code, and leaves the terminal as it was."""
    name = lab.run()
    with terminal() as (person, streams), ThreadPoolExecutor() as pool:
        person.resize(33, 77)
        before = termios.tcgetattr(streams.input)
        target = (name, ("sh", "-c", SHELL))
        ended: Future[int] = pool.submit(attach, lab.http, ADDRESS, target, streams)
        person.type("echo $((6*7)) is it\n")
        eventually(lambda: person.sees("42 is it"))
        person.type("while [ \"$(stty size)\" != '33 77' ]; do sleep 0.1; done; echo si''zed\n")
        eventually(lambda: person.sees("sized"))
        person.resize(20, 50)
        person.type("while [ \"$(stty size)\" != '20 50' ]; do sleep 0.1; done; echo sma''ller\n")
        eventually(lambda: person.sees("smaller"))
        person.type("sh -c 'echo slee''ping; exec sleep 600'\n")
        eventually(lambda: person.sees("sleeping"))
        person.type("\x03")
        person.type("exit 3\n")
        assert ended.result(10) == 3
        assert termios.tcgetattr(streams.input) == before


def test_input_reaches_its_end(lab: Lab) -> None:
    """Without a terminal the command reads all of the input, and its two streams stay apart."""
    name = lab.run()
    with piped(b"one\ntwo\n") as (streams, output, errors):
        script = "wc -l; echo wrong >&2; exit 7"
        assert attach(lab.http, ADDRESS, (name, ("sh", "-c", script)), streams) == 7
        assert os.read(output, 100).strip() == b"2"
        assert os.read(errors, 100) == b"wrong\n"


def test_much_output_arrives_whole(lab: Lab) -> None:
    """Output that comes in many pieces arrives whole."""
    name = lab.run()
    with piped(b"") as (streams, output, _), ThreadPoolExecutor() as pool:
        target = (name, ("head", "-c", "3000000", "/dev/zero"))
        ended = pool.submit(attach, lab.http, ADDRESS, target, streams)
        got = 0
        while got < 3_000_000:
            got += len(os.read(output, 65536))
        assert ended.result(10) == 0
        assert got == 3_000_000


def test_containers_that_cannot_take_a_shell(lab: Lab) -> None:
    """A container that is gone is MISSING, and one that does not run a CONFLICT."""
    lab.engine.create_container(lab.container(), {})
    for name, kind in ((f"{lab.name}-gone", ErrorKind.MISSING), (lab.name, ErrorKind.CONFLICT)):
        with pytest.raises(DriverError, match=name) as caught:
            attach(lab.http, ADDRESS, (name, ("sh",)), PLAIN)
        assert caught.value.kind is kind


def test_program_that_is_missing_tells(lab: Lab) -> None:
    """A command that the container does not have ends with the code that shells give to that."""
    name = lab.run()
    with piped(b"") as (streams, output, _):
        assert attach(lab.http, ADDRESS, (name, ("no-such-program",)), streams) in (126, 127)
        assert b"no-such-program" in os.read(output, 1000)


def test_remote_engine_says_what_to_use(lab: Lab) -> None:
    """For an engine behind SSH the error gives the docker command that does it."""
    with pytest.raises(DriverError, match="docker -H ssh://host exec -it web sh"):
        attach(lab.http, "ssh://host", ("web", ("sh",)), PLAIN)
