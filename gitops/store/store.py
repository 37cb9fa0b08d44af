"""The store as the rest of the program gets it: one file, five subjects."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from gitops.model.plan import History
from gitops.store.database import Database
from gitops.store.events import Events
from gitops.store.holds import Holds
from gitops.store.mendings import Mendings
from gitops.store.runs import Runs
from gitops.store.task_runs import TaskRuns


class Store:
    """Memory in the file `path`. Nothing is opened before the first question, nor made before the
    first write. Every function may raise `StoreError`.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path)
        self.runs = Runs(self._database)
        self.events = Events(self._database)
        self.holds = Holds(self._database)
        self.mendings = Mendings(self._database)
        self.task_runs = TaskRuns(self._database)

    @property
    def exists(self) -> bool:
        """Say whether anything was ever remembered here."""
        return self._database.path.exists()

    def history(self, project: str) -> History:
        """Return what planning has to know of the past; empty when there is no file."""
        return self.holds.history(project)._replace(
            mended=self.mendings.lately(project), built=self.task_runs.built(project)
        )

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
