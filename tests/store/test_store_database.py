from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path

import pytest

from gitops.model.address import Address
from gitops.model.plan import History
from gitops.model.records import Quarantine
from gitops.store import schema
from gitops.store.database import Database
from gitops.store.faults import StoreError
from gitops.store.store import Store

SHOP = Address("WebApp", "shop")
NOON = 1_800_000_000.0

RELEASED = schema.MIGRATIONS
BAD = Quarantine("demo", SHOP, "aa11", "BuildFailed", "run-1", NOON)


def run_sql(path: Path, sql: str) -> object:
    with closing(sqlite3.connect(path)) as connection, connection:
        row = connection.execute(sql).fetchone()
        return row[0] if row else None


def test_reading_makes_no_file(store: Store, path: Path) -> None:
    """Every question to a database that is not there finds nothing and makes no file."""
    assert store.history("demo") == History({})
    assert store.runs.list("demo") == ()
    assert store.runs.find("2026") is None
    assert store.runs.plan("2026") == ("", "")
    assert store.runs.steps("2026") == ()
    assert store.runs.log("2026") == ()
    assert store.events.list("demo") == ()
    assert store.events.follow("demo", 0) == ()
    assert store.holds.lift("demo") == 0
    assert store.runs.abandon([]) == 0
    store.events.append([])
    assert not path.parent.exists()


def test_the_file_is_for_its_owner_only(store: Store, path: Path) -> None:
    """The database and its side files can be read by nobody but their owner."""
    store.holds.add(BAD)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"memory.db": 0o600, "memory.db-wal": 0o600, "memory.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_closing_leaves_one_file(path: Path) -> None:
    """After a process has closed its store there is the database and nothing beside it."""
    with Store(path) as store:
        store.holds.add(BAD)
        store.history("demo")
    Store(path).history("demo")
    assert [file.name for file in path.parent.iterdir()] == ["memory.db"]


def test_the_connection_is_safe_for_several_processes(store: Store, path: Path) -> None:
    """Connections use WAL, wait ten seconds for others, and check foreign keys."""
    store.holds.add(BAD)
    database = Database(path)
    assert database.read("PRAGMA journal_mode") == [("wal",)]
    assert database.read("PRAGMA busy_timeout") == [(10_000,)]
    assert database.read("PRAGMA foreign_keys") == [(1,)]
    assert database.read("PRAGMA synchronous") == [(1,)]


def test_every_migration_file_is_applied(store: Store, path: Path) -> None:
    """The migrations are exactly the files of their folder, in order, each with its record."""
    names = sorted(file.name for file in schema.FOLDER.glob("*.sql"))
    assert list(schema.MIGRATIONS) == names
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    store.holds.add(BAD)
    assert Database(path).read("SELECT version, name FROM migrations ORDER BY version") == list(
        enumerate(names, start=1)
    )


def test_an_older_file_is_brought_up_to_date(
    store: Store, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer program adds what an older file lacks, and keeps what is in it."""
    store.holds.add(BAD)
    store.close()
    (tmp_path / "9999_more.sql").write_text("-- more\nCREATE TABLE more (one TEXT);\n")
    monkeypatch.setattr(schema, "FOLDER", tmp_path)
    monkeypatch.setattr(schema, "MIGRATIONS", (*RELEASED, "9999_more.sql"))
    assert Store(path).history("demo").quarantined == {SHOP: {"aa11": "BuildFailed"}}
    assert Database(path).read("SELECT max(version) FROM migrations") == [(len(RELEASED) + 1,)]
    assert Database(path).read("SELECT * FROM more") == []


def test_a_file_of_the_first_version_gets_the_rest(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that the first release wrote takes mendings, and keeps its quarantines."""
    monkeypatch.setattr(schema, "MIGRATIONS", RELEASED[:1])
    with Store(path) as first:
        first.holds.add(BAD)
    assert run_sql(path, "SELECT count(*) FROM sqlite_master WHERE name = 'mendings'") == 0
    monkeypatch.setattr(schema, "MIGRATIONS", RELEASED)
    with Store(path) as now:
        now.mendings.add("demo", SHOP, time.time())
        assert now.history("demo") == History({SHOP: {"aa11": "BuildFailed"}}, {SHOP: 1})


def test_a_failed_migration_leaves_the_file_as_it_was(
    store: Store, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A migration that fails half way leaves neither its first half nor its record."""
    store.holds.add(BAD)
    store.close()
    (tmp_path / "9999_bad.sql").write_text("CREATE TABLE half (one TEXT);\nCREATE TABLE runs (x);")
    monkeypatch.setattr(schema, "FOLDER", tmp_path)
    monkeypatch.setattr(schema, "MIGRATIONS", (*RELEASED, "9999_bad.sql"))
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        Store(path).history("demo")
    assert run_sql(path, "SELECT max(version) FROM migrations") == len(RELEASED)
    assert run_sql(path, "SELECT count(*) FROM sqlite_master WHERE name = 'half'") == 0


def test_a_newer_file_is_refused(store: Store, path: Path) -> None:
    """A file of a newer version is refused by reads and writes, with its version and a way out."""
    store.holds.add(BAD)
    store.close()
    run_sql(path, "INSERT INTO migrations VALUES (99, '0099_later.sql', 0)")
    for use in (lambda: store.history("demo"), lambda: store.holds.add(BAD)):
        with pytest.raises(StoreError, match=r"newer gitops: it has version 99.* upgrade") as found:
            use()
        assert str(path) in found.value.what


def test_another_programs_database_is_left_alone(store: Store, path: Path) -> None:
    """A database that is not ours is refused, and not a byte of it changes."""
    path.parent.mkdir()
    run_sql(path, "CREATE TABLE songs (title TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program's database"):
        store.holds.add(BAD)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"not a database, but long enough to be one " * 100])
def test_a_damaged_file_says_what_to_do(store: Store, path: Path, content: bytes) -> None:
    """A damaged file is named, with the way out; following it works and only history is lost."""
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreError, match=f"mv {path} {path}.damaged.*only history") as found:
        store.history("demo")
    assert found.value.what == f"the database {path} is damaged"
    with pytest.raises(StoreError, match="is damaged"):
        store.holds.add(BAD)
    path.rename(f"{path}.damaged")
    store.holds.add(BAD)
    assert store.history("demo").quarantined == {SHOP: {"aa11": "BuildFailed"}}


def test_damage_inside_the_file_is_found(store: Store, path: Path) -> None:
    """Damage behind an intact header is reported like any other."""
    store.holds.add(BAD)
    store.close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(StoreError, match="is damaged"):
        store.history("demo")


def test_a_file_left_empty_is_used(store: Store, path: Path) -> None:
    """A process that was killed right after making the file harms nobody."""
    path.parent.mkdir()
    path.touch()
    assert store.history("demo") == History({})
    store.holds.add(BAD)
    assert SHOP in store.history("demo").quarantined


def test_a_deleted_file_is_made_anew(store: Store, path: Path) -> None:
    """Deleting the file under a running process loses what was in it, and nothing else."""
    store.holds.add(BAD)
    path.unlink()
    assert store.history("demo") == History({})
    store.holds.add(BAD._replace(wish="bb22"))
    assert store.history("demo").quarantined == {SHOP: {"bb22": "BuildFailed"}}
    assert Database(path).read("PRAGMA integrity_check") == [("ok",)]


def test_a_place_that_cannot_hold_a_file_is_named(tmp_path: Path) -> None:
    """A path below a file, or one that is a folder, gives an error with the path in it."""
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "memory.db", tmp_path):
        with pytest.raises(StoreError, match=f"cannot use the database {path}"):
            Store(path).holds.add(BAD)


def test_a_strange_path_is_taken_literally(tmp_path: Path) -> None:
    """Characters that mean something in an URI are part of the file's name."""
    path = tmp_path / "a b?mode=memory#c%20.db"
    with Store(path) as store:
        store.holds.add(BAD)
    assert os.listdir(tmp_path) == [path.name]  # noqa: PTH208 - names as the system has them


def test_text_that_is_not_unicode_is_kept_readable(store: Store) -> None:
    """Bytes that were not UTF-8 in a program's output become question marks, not an error."""
    store.holds.add(BAD._replace(reason=b"caf\xe9".decode(errors="surrogateescape")))
    assert store.history("demo").quarantined == {SHOP: {"aa11": "caf?"}}


def test_an_undone_transaction_leaves_nothing(store: Store, path: Path) -> None:
    """A write that is broken off by an exception leaves nothing, and the next one works."""
    store.holds.add(BAD)
    database = Database(path)

    def break_off() -> None:
        with database.write() as transaction:
            transaction.execute("DELETE FROM quarantines")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    with database.write() as transaction:
        assert transaction.execute("SELECT count(*) FROM quarantines").fetchone() == (1,)
    database.close()
