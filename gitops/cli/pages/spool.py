"""Text on its way to somebody who may read slowly, or not at all for a while."""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from tempfile import TemporaryFile
from threading import Condition, Thread
from typing import IO

HELD = 1 << 22
"""Characters that wait in memory; what is more waits in a temporary file."""
_PIECE = 1 << 18


class Spool:
    """Passes text on to `out` from a thread of its own, in its order, so that `put` never waits.

    A terminal that is stopped (Ctrl-S, `| less`) must not stop a step, nor keep its timeout or its
    cancelling from being heard.
    """

    def __init__(self, out: Callable[[str], None]) -> None:
        self._out = out
        self._news = Condition()
        self._texts: deque[str] = deque()
        self._size = 0
        self._file: IO[bytes] | None = None
        self._read = 0
        self._end = 0
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._closed = False
        self._error: OSError | None = None
        self._thread: Thread | None = None

    def put(self, text: str) -> None:
        """Pass on text; any thread may. What comes after a failure of `out` is dropped."""
        with self._news:
            if self._error is not None or self._closed:
                return
            if self._thread is None:
                self._thread = Thread(target=self._pass_on, name="terminal", daemon=True)
                self._thread.start()
            if self._size >= HELD or self._end:
                self._store(text)
            else:
                self._texts.append(text)
                self._size += len(text)
            self._news.notify()

    def close(self) -> None:
        """Return when all of it was taken; raise the error of `out`, unless its reader has gone."""
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
        while text := self._next():
            try:
                self._out(text)
            except OSError as error:
                with self._news:
                    self._error = error
                return

    def _next(self) -> str:
        """Wait for the next text; empty when there will be none."""
        with self._news:
            self._news.wait_for(lambda: self._texts or self._end or self._closed)
            if self._texts:
                text = "".join(self._texts)
                self._texts.clear()
                self._size = 0
                return text
            return self._fetch() if self._end else ""

    def _store(self, text: str) -> None:
        """Append to the file; a full disk loses what the terminal would have shown, never a step.

        The log of the run has it all the same.
        """
        with suppress(OSError):
            if self._file is None:
                self._file = TemporaryFile(prefix="gitops-", buffering=0)  # noqa: SIM115 - closed by `close`
            self._file.seek(self._end)
            data = memoryview(text.encode(errors="replace"))
            while data:
                written = self._file.write(data)
                self._end += written
                data = data[written:]

    def _fetch(self) -> str:
        """Return the next piece of the file, which is emptied behind the last one."""
        if self._file is None:
            return ""
        text = ""
        while not text and self._read < self._end:
            self._file.seek(self._read)
            data = self._file.read(_PIECE)
            self._read += len(data)
            text = self._decode(data)
        if self._read >= self._end:
            self._file.truncate(0)
            self._read = self._end = 0
        return text
