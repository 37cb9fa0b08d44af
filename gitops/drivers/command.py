"""Starts other programs, and makes sure that they end: the one place that does."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import IO, BinaryIO, NamedTuple

from gitops.drivers.base import Cancel, DriverError, ErrorKind, Output

GRACE = 2.0
"""Seconds between the request to end and the kill."""

_TICK = 0.1
"""Seconds between two looks at the cancel flag; the end of the program is seen at once."""

Writer = Callable[[BinaryIO], None]
"""Writes a program's input."""


class CommandOptions(NamedTuple):
    """How to run a program. `env` is the whole environment; None hands on our own.

    `timeout` is seconds for the whole run, `quiet` seconds without a byte of output; 0 is no limit.
    `most` is bytes of either stream after which it is ended, with FAILED; 0 is no limit.
    `output` gets each line of both streams as it comes, redacted; nothing else is kept of them.
    """

    env: Mapping[str, str] | None = None
    stdin: bytes | Writer | None = None
    cwd: str | None = None
    timeout: float = 0.0
    quiet: float = 0.0
    output: Output | None = None
    cancel: Cancel | None = None
    redact: Callable[[str], str] = str
    title: str = ""
    """What is said to have ended; empty: the program's name."""
    most: int = 0
    bound: bool = False
    """Whether the program dies with us, also when we are killed: see `_LIFELINE`."""


PLAIN = CommandOptions()
_LONGEST = 1 << 20
"""Bytes after which a line without an end is passed on in pieces."""
_LAST = 5
"""Lines that are quoted of a program that had to be ended."""

_LIFELINE = '(read -r _ <"/dev/fd/$0"; kill -KILL -$$) >/dev/null 2>&1 & exec "$@"'
"""A shell's script that becomes the program, with a watcher beside it in the same process group.

The watcher reads from a pipe whose other end only we hold. However we end, the kernel closes that,
and the group is killed: without it a build that prints nothing would go on for nobody. The parent
death signal of Linux does not do: it follows the thread that started the program, not the process.
"""


class Completed(NamedTuple):
    """What a program answered, redacted; `raw` is its standard output as it came."""

    code: int
    stdout: str
    stderr: str
    raw: bytes = b""


def run(argv: Sequence[str], options: CommandOptions = PLAIN) -> Completed:
    """Run a program to its end, in a process group of its own.

    Secrets belong in `env` or `stdin`, never in `argv`, which every user of the machine can read.
    Raises `DriverError`: MISSING when there is no such program, TIMEOUT and CANCELLED when the
    whole group is gone, and what `stdin` raises. Another exit code than 0 is an answer.
    """
    read, write = os.pipe() if options.bound else (-1, -1)
    keep = (read,) if options.bound else ()
    words = ["/bin/sh", "-c", _LIFELINE, str(read), *argv] if options.bound else argv
    try:
        process = _started(words, options, keep)
        return supervise(process, options._replace(title=options.title or Path(argv[0]).name))
    finally:
        for number in (read, write) if options.bound else ():
            os.close(number)


def _started(
    argv: Sequence[str], options: CommandOptions, keep: tuple[int, ...]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            argv,
            env=options.env,
            cwd=options.cwd,
            stdin=subprocess.DEVNULL if options.stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=keep,
        )
    except FileNotFoundError as error:
        raise DriverError(ErrorKind.MISSING, f"cannot run {argv[0]}", str(error)) from error
    except OSError as error:
        raise DriverError(ErrorKind.FAILED, f"cannot run {argv[0]}", str(error)) from error


def supervise(process: subprocess.Popen[bytes], options: CommandOptions) -> Completed:
    """See a program through that was started with pipes and as leader of its own session."""
    run_ = _Run(process, options)
    for thread in run_.threads:
        thread.start()
    try:
        reason = run_.wait()
    finally:  # also when Ctrl-C comes in between
        if process.poll() is None:
            stop_group(process)
    return run_.finish(reason)


def stop_group(process: subprocess.Popen[bytes]) -> None:
    """Ask a process group to end, and kill what is left of it."""
    _signal(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal the group, whose number stays taken as long as one of its members lives."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


class _Run:
    """One program, the threads that feed and read it, and what they saw."""

    def __init__(self, process: subprocess.Popen[bytes], options: CommandOptions) -> None:
        self._process = process
        self._options = options
        self._ended = Event()
        self._error: DriverError | OSError | None = None
        # What goes out line by line may have no end: only its last words are kept here.
        most = _LAST if options.output else None
        self._texts = (deque[bytes](maxlen=most), deque[bytes](maxlen=most))
        self._began = self._heard = time.monotonic()
        streams = (process.stdout, process.stderr)
        self._readers = [
            Thread(target=self._read, args=(stream, text), daemon=True)
            for stream, text in zip(streams, self._texts, strict=True)
            if stream is not None
        ]
        self._writer = Thread(target=self._write, daemon=True)
        self.threads = [*self._readers, self._writer, Thread(target=self._await, daemon=True)]

    def _await(self) -> None:
        self._process.wait()
        self._ended.set()

    def _read(self, stream: IO[bytes], lines: deque[bytes]) -> None:
        most, size = self._options.most, 0
        with stream:
            while chunk := stream.readline(_LONGEST):
                self._heard = time.monotonic()
                size += len(chunk)
                if most and size > most:
                    self._flood(most)
                    return
                lines.append(chunk)
                if self._options.output:
                    self._options.output(self._readable(chunk).rstrip("\r\n"))

    def _flood(self, most: int) -> None:
        self._error = DriverError(
            ErrorKind.FAILED, f"{self._options.title} answered more than {most >> 20} MiB"
        )
        stop_group(self._process)

    def _readable(self, text: bytes) -> str:
        return self._options.redact(text.decode(errors="replace"))

    def _write(self) -> None:
        stream, source = self._process.stdin, self._options.stdin
        if stream is None or source is None:
            return
        try:
            if callable(source):
                source(stream)  # type: ignore[arg-type] # Popen's pipe is a BinaryIO in all but name
            else:
                stream.write(source)
            stream.flush()
        except BrokenPipeError:
            pass  # the program did not want it all; its exit code tells whether that is fine
        except (DriverError, OSError) as error:
            # Half an input must not be taken for a whole one: the program ends before its input.
            self._error = error
            stop_group(self._process)
        finally:
            with suppress(OSError):
                stream.close()

    def wait(self) -> DriverError | None:
        """Return when the program has ended (None), or why it has to."""
        options = self._options
        while not self._ended.wait(_TICK):
            now = time.monotonic()
            if options.cancel and options.cancel.is_set():
                return DriverError(ErrorKind.CANCELLED, f"{options.title} was given up")
            if options.timeout and now - self._began > options.timeout:
                return DriverError(
                    ErrorKind.TIMEOUT,
                    f"{options.title} did not end in {options.timeout:g} s",
                    self._tail(),
                )
            if options.quiet and now - self._heard > options.quiet:
                return DriverError(
                    ErrorKind.TIMEOUT,
                    f"{options.title} said nothing for {options.quiet:g} s",
                    self._tail(),
                )
        return None

    def _tail(self) -> str:
        return self._readable(b"".join([*self._texts[1]][-_LAST:])).strip()

    def finish(self, reason: DriverError | None) -> Completed:
        """Collect what was said; raise what went wrong."""
        for thread in (self._writer, *self._readers):
            thread.join(GRACE)
            if thread.is_alive():  # something in the background holds the pipe: it ends with us
                _signal(self._process, signal.SIGKILL)
                thread.join(GRACE)
        if reason or self._error:
            raise reason or self._error or OSError
        stdout, stderr = (b"".join(text) for text in self._texts)
        code = self._process.returncode
        return Completed(code, self._readable(stdout), self._readable(stderr), stdout)
