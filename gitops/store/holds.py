"""Quarantines: inputs that failed, by their hash, so that they are not tried in a loop."""

from __future__ import annotations

from gitops.model.address import Address
from gitops.model.plan import History
from gitops.model.records import Quarantine
from gitops.store.database import Database


class Holds:
    """Writes and reads quarantines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, quarantine: Quarantine) -> None:
        """Remember a wish as bad; one that is known already gets the new reason, run and time."""
        with self._database.write() as transaction:
            transaction.execute(
                "INSERT OR REPLACE INTO quarantines "
                "(project, address, wish, reason, run, since) VALUES (?, ?, ?, ?, ?, ?)",
                (quarantine.project, str(quarantine.address), *quarantine[2:]),
            )

    def lift(self, project: str, address: Address | None = None) -> int:
        """Forget the bad wishes of one resource, or of all; return how many there were."""
        if not self.history(project).quarantined:
            return 0
        with self._database.write() as transaction:
            return transaction.execute(
                "DELETE FROM quarantines WHERE project = :project "
                "AND (:address IS NULL OR address = :address)",
                {"project": project, "address": None if address is None else str(address)},
            ).rowcount

    def list(self, project: str, address: Address) -> tuple[Quarantine, ...]:
        """Return the bad wishes of one resource, the latest last."""
        rows = self._database.read(
            "SELECT wish, reason, run, since FROM quarantines WHERE project = ? AND address = ? "
            "ORDER BY since, wish",
            (project, str(address)),
        )
        return tuple(Quarantine(project, address, *row) for row in rows)

    def history(self, project: str) -> History:
        """Return the bad wishes of every resource, with their reasons."""
        quarantined: dict[Address, dict[str, str]] = {}
        for address, wish, reason in self._database.read(
            "SELECT address, wish, reason FROM quarantines WHERE project = ? ORDER BY since, wish",
            (project,),
        ):
            kind, _, name = address.partition("/")
            quarantined.setdefault(Address(kind, name), {})[wish] = reason
        return History(quarantined)
