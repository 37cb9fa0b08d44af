"""Text on its way to somebody who may read slowly, or not at all for a while."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import groupby
from struct import Struct
from tempfile import TemporaryFile
from threading import Condition, Thread
from typing import IO, NamedTuple

HELD = 1 << 22
"""Characters that wait in memory; what is more waits in a temporary file."""
_HEAD = Struct(">BI")
"""In the file, before each text: where it goes, and its length in bytes."""


class _Text(NamedTuple):
    to: int
    text: str


class Spool:
    """Passes texts on to `outs` from a thread of its own, in order, so that `put` never waits.

    A terminal that is stopped (Ctrl-S, `| less`) must not stop a step, nor keep its timeout or its
    cancelling from being heard.
    """

    def __init__(self, *outs: Callable[[str], None]) -> None:
        self._outs = outs
        self._news = Condition()
        self._texts: deque[_Text] = deque()
        self._size = 0
        self._file: IO[bytes] | None = None
        self._read = 0
        self._end = 0
        self._closed = False
        self._error: OSError | None = None
        self._thread: Thread | None = None

    def put(self, text: str, to: int = 0) -> None:
        """Pass on text to one of `outs`; any thread may. After a failure of one all is dropped."""
        with self._news:
            if self._error is not None or self._closed:
                return
            if self._thread is None:
                self._thread = Thread(target=self._pass_on, name="terminal", daemon=True)
                self._thread.start()
            if self._size >= HELD or self._end:
                self._store(_Text(to, text))
            else:
                self._texts.append(_Text(to, text))
                self._size += len(text)
            self._news.notify()

    def close(self) -> None:
        """Return when all of it was taken; raise the error of an out whose reader is there."""
        with self._news:
            self._closed = True
            self._news.notify()
        if self._thread is not None:
            self._thread.join()
        if self._file is not None:
            self._file.close()
        if self._error is not None and not isinstance(self._error, BrokenPipeError):
            raise self._error

    def _pass_on(self) -> None:
        while texts := self._next():
            try:
                for to, group in groupby(texts, lambda one: one.to):
                    self._outs[to]("".join(one.text for one in group))
            except OSError as error:
                with self._news:
                    self._error = error
                return

    def _next(self) -> tuple[_Text, ...]:
        """Wait for the next texts; none when there will be none."""
        with self._news:
            self._news.wait_for(lambda: self._texts or self._end or self._closed)
            if self._texts:
                texts = tuple(self._texts)
                self._texts.clear()
                self._size = 0
                return texts
            return self._fetch() if self._end else ()

    def _store(self, text: _Text) -> None:
        """Append to the file; a full disk loses what the terminal would have shown, never a step.

        The log of the run has it all the same.
        """
        with suppress(OSError):
            if self._file is None:
                self._file = TemporaryFile(prefix="gitops-", buffering=0)  # noqa: SIM115 - closed by `close`
            self._file.seek(self._end)
            content = text.text.encode(errors="replace")
            data = memoryview(_HEAD.pack(text.to, len(content)) + content)
            while written := self._file.write(data):
                data = data[written:]
            self._end += _HEAD.size + len(content)

    def _fetch(self) -> tuple[_Text, ...]:
        """Return the next text of the file, which is emptied behind the last one."""
        if self._file is None:
            return ()
        self._file.seek(self._read)
        to, size = _HEAD.unpack(self._file.read(_HEAD.size))
        text = _Text(to, self._file.read(size).decode())
        self._read += _HEAD.size + size
        if self._read >= self._end:
            self._file.truncate(0)
            self._read = self._end = 0
        return (text,)
