"""Events: what happened to each resource, told once however often it happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gitops.model.address import Address
from gitops.model.records import EventRecord, EventType, NewEvent
from gitops.store.database import Database, Transaction

REPEAT_WITHIN = 3600.0
"""Seconds in which the same event counts as a repetition of the last one."""


class Events:
    """Writes and reads events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, events: Sequence[NewEvent]) -> None:
        """Remember events, all in one write.

        One that says the same as the last of its resource, less than an hour later, adds to that
        one's count instead.
        """
        if not events:
            return
        with self._database.write() as transaction:
            for event in events:
                if not _repeat(transaction, event):
                    _add(transaction, event)

    def list(
        self,
        project: str,
        address: Address | None = None,
        since: float = 0.0,
        limit: int = 100,
    ) -> tuple[EventRecord, ...]:
        """Return the latest events that happened (again) at `since` or later, oldest first."""
        rows = self._database.read(
            "SELECT id, project, address, type, reason, message, times, first, last, run "
            "FROM events WHERE project = :project AND (:address IS NULL OR address = :address) "
            "AND last >= :since ORDER BY id DESC LIMIT :limit",
            {
                "project": project,
                "address": None if address is None else str(address),
                "since": since,
                "limit": limit,
            },
        )
        return tuple(_event(row) for row in reversed(rows))

    def follow(
        self, project: str, after: int, address: Address | None = None
    ) -> tuple[EventRecord, ...]:
        """Return the events with an id above `after`, oldest first.

        A repetition has the id of the first time, so it is not seen here.
        """
        rows = self._database.read(
            "SELECT id, project, address, type, reason, message, times, first, last, run "
            "FROM events WHERE project = :project AND (:address IS NULL OR address = :address) "
            "AND id > :after ORDER BY id",
            {
                "project": project,
                "address": None if address is None else str(address),
                "after": after,
            },
        )
        return tuple(_event(row) for row in rows)


def _repeat(transaction: Transaction, event: NewEvent) -> bool:
    """Count the event as a repetition of the last one, if it is one; say whether it was."""
    last = transaction.execute(
        "SELECT id, type, reason, message, last FROM events "
        "WHERE project = ? AND address = ? ORDER BY id DESC LIMIT 1",
        (event.project, str(event.address)),
    ).fetchone()
    if last is None or event.time - last[4] >= REPEAT_WITHIN:
        return False
    if last[1:4] != (event.type, event.reason, event.message):
        return False
    transaction.execute(
        "UPDATE events SET times = times + 1, last = max(last, ?), run = ? WHERE id = ?",
        (event.time, event.run, last[0]),
    )
    return True


def _add(transaction: Transaction, event: NewEvent) -> None:
    transaction.execute(
        "INSERT INTO events (project, address, type, reason, message, times, first, last, run) "
        "VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)",
        (
            event.project,
            str(event.address),
            event.type,
            event.reason,
            event.message,
            event.time,
            event.time,
            event.run,
        ),
    )


def _event(row: tuple[Any, ...]) -> EventRecord:
    record = EventRecord(*row)
    kind, _, name = row[2].partition("/")
    return record._replace(address=Address(kind, name), type=EventType(record.type))
