"""Questions about runs of tasks, and what rows mean."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from gitops.model.task_runs import (
    Cause,
    CauseKind,
    OutputImage,
    RunStatus,
    RunType,
    StepStatus,
    TaskRun,
    TaskStepRun,
)
from gitops.store.database import Database
from gitops.store.faults import StoreError

_RUN = (
    "SELECT id, project, task, type, status, causes, message, revision, branch, url, fingerprint, "
    "platform, owner, host, process, created, started, ended, peak_memory, cpu, canceled_by "
    "FROM task_runs AS one "
)
_MATCHES = """
WHERE project = :project AND (:task IS NULL OR task = :task)
AND (:statuses = '[]' OR status IN (SELECT value FROM json_each(:statuses)))
AND (:cause IS NULL OR :cause IN (SELECT json_extract(value, '$[0]') FROM json_each(causes)))
AND (:branch = '' OR branch = :branch)
AND (:image = '' OR EXISTS (
    SELECT 1 FROM task_images WHERE run = one.id AND (:image IN (
        repository, tag, digest, repository || ':' || tag, repository || '@' || digest,
        registry || '/' || repository, registry || '/' || repository || ':' || tag,
        registry || '/' || repository || '@' || digest
    ) OR :image GLOB 'sha256:?*' AND substr(digest, 1, length(:image)) = :image)))
AND (:before = '' OR (created, rowid) < (
    SELECT created, rowid FROM task_runs WHERE id = :before))
ORDER BY created DESC, rowid DESC LIMIT :limit
"""

_DOUBT = 1.5
"""Seconds by which a time that the kernel tells may be off: it knows its own start to a second."""


class RunQuery(NamedTuple):
    """Which runs; what is left out matches all.

    `task` is a name, empty for quick work. `image` is a repository, a tag, `repository:tag`, with
    the registry before it or without, or a digest, of which a beginning will do. `before` is the
    id of the run after which a list goes on. A `limit` of -1 is none.
    """

    task: str | None = None
    statuses: tuple[RunStatus, ...] = ()
    cause: CauseKind | None = None
    image: str = ""
    branch: str = ""
    before: str = ""
    limit: int = 20


def list_runs(database: Database, project: str, wanted: RunQuery) -> tuple[TaskRun, ...]:
    """Return the latest runs of a project that match, newest first."""
    values = {**wanted._asdict(), "project": project, "statuses": json.dumps(wanted.statuses)}
    return tuple(_run(row) for row in database.read(_RUN + _MATCHES, values))


def find_run(database: Database, start: str) -> TaskRun | None:
    """Return the run whose id is or begins with `start`; `StoreError` if several do."""
    if not start:
        return None
    rows = database.read(
        _RUN + "WHERE substr(id, 1, length(:start)) = :start ORDER BY id LIMIT 2",
        {"start": start},
    )
    if len(rows) > 1:
        raise StoreError(
            f"{start!r} begins the id of several runs",
            f"{rows[0][0]} and {rows[1][0]}, for example; write more of it",
        )
    return _run(rows[0]) if rows else None


def was_at_work(database: Database, moment: float) -> bool:
    """Say whether a run that has not succeeded was at work at a time, give or take `_DOUBT`."""
    rows = database.read(
        "SELECT 1 FROM task_runs WHERE started <= ? AND coalesce(ended, ?) >= ? "
        "AND status <> 'Succeeded' LIMIT 1",
        (moment + _DOUBT, moment, moment - _DOUBT),
    )
    return bool(rows)


def read_steps(database: Database, run: str) -> tuple[TaskStepRun, ...]:
    """Return the steps of a run in their order."""
    rows = database.read(
        "SELECT number, id, kind, status, exit_code, attempts, message, started, ended, "
        "peak_memory, cpu FROM task_steps WHERE run = ? ORDER BY number",
        (run,),
    )
    return tuple(_step(row) for row in rows)


def read_images(database: Database, run: str) -> tuple[OutputImage, ...]:
    """Return the images that a run pushed, in the order in which it did."""
    rows = database.read(
        "SELECT registry, repository, tag, digest FROM task_images WHERE run = ? ORDER BY rowid",
        (run,),
    )
    return tuple(OutputImage(*row) for row in rows)


def _run(row: tuple[Any, ...]) -> TaskRun:
    record = TaskRun(*row)
    return record._replace(
        type=RunType(record.type),
        status=RunStatus(record.status),
        causes=tuple(Cause(CauseKind(kind), text) for kind, text in json.loads(row[5])),
    )


def _step(row: tuple[Any, ...]) -> TaskStepRun:
    record = TaskStepRun(*row)
    return record._replace(status=StepStatus(record.status))
