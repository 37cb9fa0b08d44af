"""The file: opened late, written through one connection, read through one for each question."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from gitops.store.faults import faults
from gitops.store.schema import PATIENCE, ensure_current

SPARE = 256
"""Pages (4 KiB each) without content that a file keeps."""
BITE = 2048
MOST_BITES = 32

Value = str | int | float | bytes | None
Values = Sequence[Value] | Mapping[str, Value]


class Transaction:
    """One short write, alone in the file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Values = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self._connection.execute(sql, _storable(values))

    def execute_each(self, sql: str, rows: Iterable[Sequence[Value]]) -> int:
        """Run one statement for each row; return how many rows it changed."""
        return self._connection.executemany(sql, map(_storable, rows)).rowcount


class Database:
    """A database file for any number of threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None

    def read(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query; none, and no file is made, when there is no file."""
        if not self.path.exists():
            return []
        with faults(self.path), closing(connect(self.path)) as connection:
            return connection.execute(sql, _storable(values)).fetchall()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Give a transaction that is committed at the end, or undone by an exception.

        Makes the file if need be. Keep it short: all other writers wait meanwhile.
        """
        with self._lock, faults(self.path):
            connection = self._writing()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(connection)
                connection.commit()
            except BaseException:
                connection.rollback()
                raise

    def shrink(self) -> None:
        """Give room of what was removed back to the disk: bite by bite, and not all at once.

        A little stays for what comes next. Others write between the bites.
        """
        for _ in range(MOST_BITES):
            with self._lock, faults(self.path):
                connection = self._writing()
                (free,) = connection.execute("PRAGMA freelist_count").fetchone()
                if free <= SPARE:
                    return
                # A page a step, in rows without a column, of which `execute` takes only the first.
                connection.executescript(f"PRAGMA incremental_vacuum({BITE})")

    def close(self) -> None:
        """Close the writing connection; a later write opens it again."""
        with self._lock:
            self._drop()

    def _writing(self) -> sqlite3.Connection:
        # A file that somebody deleted meanwhile lives on for those who have it open: what is
        # written there is seen by nobody, and a bad build would be tried again and again.
        if self._writer is None or self._identity != _identity(self.path):
            self._drop()
            _make(self.path)
            self._writer = connect(self.path)
            self._identity = _identity(self.path)
        return self._writer

    def _drop(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def connect(path: Path) -> sqlite3.Connection:
    """Open an existing file and bring it up to date; transactions are the caller's."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=PATIENCE,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        # NORMAL may lose the last transactions when power fails, never the file: memory may.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        ensure_current(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _make(path: Path) -> None:
    """Make an empty file that only its owner reads; SQLite gives its side files the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _storable(values: Values) -> Values:
    """Replace lone surrogates, which file names and output of programs bring: UTF-8 has none."""
    if isinstance(values, Mapping):
        return {name: _encodable(value) for name, value in values.items()}
    return tuple(_encodable(value) for value in values)


def _encodable(value: Value) -> Value:
    return value.encode(errors="replace").decode() if isinstance(value, str) else value
