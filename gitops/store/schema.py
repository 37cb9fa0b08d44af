"""The database's version: says which one a file has, and brings an older one up to date."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from gitops.store.faults import StoreError, primary_code

MIGRATIONS = (
    "0001_initial.sql",
    "0002_mendings.sql",
    "0003_task_runs.sql",
    "0004_task_bases.sql",
)
"""Named here so that opening lists no folder; version N is the N-th. Released ones never change."""

FOLDER = Path(__file__).with_name("migrations")
"""By path, since `importlib.resources` costs 4 ms of every start and pip always unpacks wheels."""

APPLICATION_ID = 0x67746F70
INCREMENTAL = 2
"""SQLite's number for the mode in which removed pages are given back when asked."""
PATIENCE = 10.0
"""Seconds to wait for another process's write."""


def ensure_current(connection: sqlite3.Connection, path: Path) -> None:
    """Apply the migrations that the file lacks, each in a transaction with its own record.

    Raises `StoreError` for a file of a newer version and for one that is not ours.
    """
    version = _version(connection, path)
    if version == len(MIGRATIONS):
        return
    _let_shrink(connection, version)
    _use_wal(connection)
    for number in range(version + 1, len(MIGRATIONS) + 1):
        _apply(connection, path, number)


def _version(connection: sqlite3.Connection, path: Path) -> int:
    # Tables first: one commit brings tables and id, so tables that are seen now have their id
    # afterwards. The other way round, a file that another process is making looks foreign.
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        if application or tables:
            raise StoreError(
                f"{path} is another program's database",
                "it was left as it is; name a different file",
            )
        return 0
    version: int = connection.execute("SELECT max(version) FROM migrations").fetchone()[0]
    if version > len(MIGRATIONS):
        raise StoreError(
            f"the database {path} was written by a newer gitops",
            f"it has version {version}, this program knows up to {len(MIGRATIONS)}; upgrade "
            "gitops, or move the file aside, which loses only history and quarantines",
        )
    return version


def _apply(connection: sqlite3.Connection, path: Path, number: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster: only under the lock is the answer final.
        if _version(connection, path) < number:
            name = MIGRATIONS[number - 1]
            for statement in _statements((FOLDER / name).read_text("utf-8")):
                connection.execute(statement)
            connection.execute(
                "INSERT INTO migrations (version, name, applied) VALUES (?, ?, ?)",
                (number, name, time.time()),
            )
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _statements(script: str) -> Iterator[str]:
    """Split a script; `executescript` would not do, because it commits first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _let_shrink(connection: sqlite3.Connection, version: int) -> None:
    """Let the file give back the room of what is removed; SQLite calls it `auto_vacuum`.

    It has to be said before the first table; a file that has tables is written anew, once.
    """
    (mode,) = connection.execute("PRAGMA auto_vacuum").fetchone()
    if mode != INCREMENTAL:
        connection.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")
        if version:
            connection.execute("VACUUM")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Let readers work during a write (sqlite.org/wal.html); the file remembers it.

    SQLite does not always wait when two processes switch at once, so the waiting is done here.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
