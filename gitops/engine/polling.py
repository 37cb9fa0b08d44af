"""Asks git remotes no more often than their tasks say, however often the loop looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

from gitops.drivers.base import BuildContext, SourceReader
from gitops.model.address import Address
from gitops.model.outcomes import Observation
from gitops.model.resources import BuildTask, GitSource
from gitops.model.secret import Secrets
from gitops.model.sources import Source


class _Answer(NamedTuple):
    """What was seen for a task as it was written then, and until when that is good enough."""

    task: BuildTask
    until: float
    seen: Observation[Source]


class PolledSources:
    """A `SourceReader` that remembers what a remote said until the task's interval is over.

    `clock` counts seconds from anywhere. Folders are read at every look: that costs no one else.
    """

    def __init__(self, reader: SourceReader, clock: Callable[[], float]) -> None:
        self._reader = reader
        self._clock = clock
        self._answers: dict[Address, _Answer] = {}

    def read(
        self, tasks: Sequence[BuildTask], secrets: Secrets
    ) -> Mapping[Address, Observation[Source]]:
        """Return the source of each task, from memory where its interval is not over."""
        now = self._clock()
        known = {
            task.address: answer
            for task in tasks
            if (answer := self._answers.get(task.address)) is not None
            and answer.task == task
            and now < answer.until
        }
        asked = self._reader.read([task for task in tasks if task.address not in known], secrets)
        self._answers = known | {
            task.address: _Answer(task, now + task.interval, asked[task.address])
            for task in tasks
            if task.address in asked and isinstance(task.source, GitSource)
        }
        return {**asked, **{address: answer.seen for address, answer in known.items()}}

    def due(self) -> float:
        """Return when the next remote has to be asked, by `clock`; infinity without any."""
        return min((answer.until for answer in self._answers.values()), default=float("inf"))

    def context(
        self, task: BuildTask, source: Source, secrets: Secrets
    ) -> AbstractContextManager[BuildContext]:
        """Give the files of a source."""
        return self._reader.context(task, source, secrets)
