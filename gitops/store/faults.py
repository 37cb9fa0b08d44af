"""The one error of the store, and what SQLite's result codes mean to a person."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIMARY_CODE = 0xFF
"""An extended result code carries the primary one in its low byte (sqlite.org/rescode.html)."""


class StoreError(Exception):
    """The database could not be used: `what` names it, `detail` says why and what to do."""

    def __init__(self, what: str, detail: str = "") -> None:
        super().__init__(what, detail)
        self.what = what
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.what}: {self.detail}" if self.detail else self.what


def primary_code(error: sqlite3.Error) -> int:
    """Return the primary result code; -1 when Python and not SQLite raised it."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return -1 if code is None else code & PRIMARY_CODE


def explain(path: Path, error: sqlite3.Error) -> StoreError | None:
    """Return the error for people; None when only a mistake in this program explains it."""
    match primary_code(error):
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StoreError(
                f"the database {path} is damaged",
                f"{error}. Move it aside (mv {path} {path}.damaged): "
                "only history and quarantines are lost",
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreError(
                f"the database {path} is busy",
                "another process has been writing to it for too long; end that one or try again",
            )
        case sqlite3.SQLITE_FULL:
            return StoreError(f"cannot write the database {path}", "the disk is full: free space")
        case (
            sqlite3.SQLITE_CANTOPEN
            | sqlite3.SQLITE_PERM
            | sqlite3.SQLITE_READONLY
            | sqlite3.SQLITE_IOERR
        ):
            return StoreError(
                f"cannot use the database {path}",
                f"{error}. It has to be a file that you may write, in a folder that you may write",
            )
    return None


@contextmanager
def faults(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system say about `path` into `StoreError`."""
    try:
        yield
    except sqlite3.Error as error:
        known = explain(path, error)
        if known is None:
            raise
        raise known from error
    except OSError as error:
        raise StoreError(f"cannot use the database {path}", str(error)) from error
