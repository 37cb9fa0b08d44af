"""The file of the queue: a row for each ticket. Each look opens it, so that it may be deleted.

It is never synced to the disk: after a power cut no process is left whose turn it could be. A file
that is damaged by one is made anew.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from gitops.store.faults import StoreError, faults, primary_code
from gitops.store.schema import PATIENCE

_VERSION = 1
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_TABLES = (
    """CREATE TABLE tickets (
        number INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL UNIQUE,
        project TEXT NOT NULL, task TEXT NOT NULL, priority INTEGER NOT NULL, asked REAL NOT NULL,
        host TEXT NOT NULL, process TEXT NOT NULL, beat REAL NOT NULL, since REAL
    ) STRICT""",
    """CREATE TABLE turns (
        number INTEGER PRIMARY KEY AUTOINCREMENT, project TEXT NOT NULL UNIQUE
    ) STRICT""",
    f"PRAGMA user_version = {_VERSION}",
)


class Held(NamedTuple):
    """A ticket in the file. `beat` is its last sign of life, `since` when its turn began."""

    number: int
    run: str
    project: str
    task: str
    priority: int
    asked: float
    host: str
    process: str
    beat: float
    since: float | None


class Wish(Protocol):
    """What a ticket is made of."""

    @property
    def run(self) -> str: ...  # noqa: D102 - as in a Ticket of the engine
    @property
    def project(self) -> str: ...  # noqa: D102
    @property
    def task(self) -> str: ...  # noqa: D102
    @property
    def priority(self) -> int: ...  # noqa: D102
    @property
    def asked(self) -> float: ...  # noqa: D102
    @property
    def host(self) -> str: ...  # noqa: D102
    @property
    def process(self) -> str: ...  # noqa: D102


class Change:
    """One look, alone in the file, with what it changes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, wish: Wish, now: float) -> None:
        """Add a ticket that waits; one that is there shows a sign of life."""
        self._connection.execute(
            "INSERT INTO tickets (run, project, task, priority, asked, host, process, beat) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run) DO UPDATE SET beat = excluded.beat",
            (
                *(wish.run, wish.project, wish.task, wish.priority, wish.asked),
                *(wish.host, wish.process, now),
            ),
        )

    def tickets(self) -> tuple[Held, ...]:
        """Return all tickets."""
        rows = self._connection.execute(
            "SELECT number, run, project, task, priority, asked, host, process, beat, since "
            "FROM tickets ORDER BY number"
        )
        return tuple(Held(*row) for row in rows)

    def turns(self) -> dict[str, int]:
        """Return the number of each project's last turn; they grow."""
        return dict(self._connection.execute("SELECT project, number FROM turns"))

    def take(self, run: str, project: str, now: float) -> None:
        """Remember that the turn of a ticket begins."""
        self._connection.execute("UPDATE tickets SET since = ? WHERE run = ?", (now, run))
        self._connection.execute("INSERT OR REPLACE INTO turns (project) VALUES (?)", (project,))

    def remove(self, run: str) -> None:
        """Remove a ticket."""
        self._connection.execute("DELETE FROM tickets WHERE run = ?", (run,))


class QueueFile:
    """A file that any number of processes share."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def change(self) -> Iterator[Change]:
        """Give a change that is made at the end, or not at all after an exception."""
        with faults(self._path), closing(self._opened()) as connection:
            try:
                yield Change(connection)
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()
                raise

    def remove(self, run: str) -> None:
        """Remove a ticket."""
        with self.change() as change:
            change.remove(run)

    def beat(self, run: str, now: float) -> None:
        """Show a sign of life of a ticket."""
        with faults(self._path), closing(self._opened()) as connection:
            connection.execute("UPDATE tickets SET beat = ? WHERE run = ?", (now, run))
            connection.execute("COMMIT")

    def _opened(self) -> sqlite3.Connection:
        """Return a connection with a transaction that keeps all others out."""
        try:
            return self._begun()
        except sqlite3.DatabaseError as error:
            if primary_code(error) not in _DAMAGED:
                raise
            self._path.unlink(missing_ok=True)
            # What it says of the old file must not be done to the new one.
            self._path.with_name(f"{self._path.name}-journal").unlink(missing_ok=True)
            return self._begun()

    def _begun(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous = OFF")
            # To remove the journal each time takes longer than all the rest.
            connection.execute("PRAGMA journal_mode = PERSIST")
            connection.execute("BEGIN IMMEDIATE")
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if not version:
            for statement in _TABLES:
                connection.execute(statement)
        elif version != _VERSION:
            raise StoreError(
                f"the queue {self._path} was written by another version of gitops",
                f"it has version {version}, this program knows {_VERSION}; end all runs of the "
                "other one and remove the file: nothing else is in it",
            )
