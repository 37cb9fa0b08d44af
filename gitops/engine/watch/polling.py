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


def _remote(task: BuildTask) -> object:
    """Return what tasks have in common that are answered by one question; a folder nothing."""
    source = task.source
    return (source.url, source.credentials) if isinstance(source, GitSource) else task.address


class PolledSources:
    """A `SourceReader` that remembers what a remote said until the task's interval is over.

    A remote that has to be asked for one task is asked for all tasks that follow it: that is the
    same one question, and puts theirs off.

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
        due = {_remote(task) for task in tasks if self._due(task, now)}
        known = {
            task.address: self._answers[task.address] for task in tasks if _remote(task) not in due
        }
        asked = self._reader.read([task for task in tasks if task.address not in known], secrets)
        self._answers = known | {
            task.address: _Answer(task, now + task.interval, asked[task.address])
            for task in tasks
            if task.address in asked and isinstance(task.source, GitSource)
        }
        return {**asked, **{address: answer.seen for address, answer in known.items()}}

    def _due(self, task: BuildTask, now: float) -> bool:
        answer = self._answers.get(task.address)
        return answer is None or answer.task != task or now >= answer.until

    def due(self) -> float:
        """Return when the next remote has to be asked, by `clock`; infinity without any."""
        return min((answer.until for answer in self._answers.values()), default=float("inf"))

    def context(
        self, task: BuildTask, source: Source, secrets: Secrets, *, recipe: str = ""
    ) -> AbstractContextManager[BuildContext]:
        """Give the files of a source."""
        return self._reader.context(task, source, secrets, recipe=recipe)
