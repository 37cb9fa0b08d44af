"""Mendings: how often what was right before had to be put right lately."""

from __future__ import annotations

import time
from collections.abc import Mapping

from gitops.model.address import Address, parse_address
from gitops.model.plan import MENDING_WINDOW
from gitops.store.database import Database


class Mendings:
    """Writes and counts them. Times are seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, project: str, address: Address, now: float) -> None:
        """Remember one, and forget those that are too old to count."""
        with self._database.write() as transaction:
            transaction.execute(
                "DELETE FROM mendings WHERE project = ? AND time < ?",
                (project, now - MENDING_WINDOW),
            )
            transaction.execute(
                "INSERT INTO mendings (project, address, time) VALUES (?, ?, ?)",
                (project, str(address), now),
            )

    def lift(self, project: str, address: Address | None = None) -> None:
        """Forget all of a project, or of one resource: a person wants it tried again."""
        known = self.lately(project)
        if known and (address is None or address in known):
            with self._database.write() as transaction:
                transaction.execute(
                    "DELETE FROM mendings WHERE project = ? AND (? IS NULL OR address = ?)",
                    (project, *([str(address) if address else None] * 2)),
                )

    def lately(self, project: str) -> Mapping[Address, int]:
        """Return how many there were of each resource within the window."""
        rows = self._database.read(
            "SELECT address, count(*) FROM mendings WHERE project = ? AND time >= ? GROUP BY 1",
            (project, time.time() - MENDING_WINDOW),
        )
        return {parse_address(address): count for address, count in rows}
