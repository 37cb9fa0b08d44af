"""What a run of a task needs to be remembered, and to wait for its turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from gitops.drivers.base import Cancel
from gitops.model.task_runs import NewTaskRun, OutputImage, RunStatus, TaskRun, TaskStepRun


class TaskLog(Protocol):
    """The log of one run, for several threads."""

    def write(self, step: int, text: str) -> None:
        """Append whole lines, each with its line end, of a step (0: of the run itself)."""
        ...

    def close(self) -> None:
        """Write what is still in memory."""
        ...


class TaskBook(Protocol):
    """Remembers runs of tasks. `now` is seconds since 1970."""

    def ask(self, new: NewTaskRun) -> str:
        """Remember a run that is queued; return its id: lower case letters and digits."""
        ...

    def waits(self, run: str, message: str) -> None:
        """Remember why a queued run waits, and at which place."""
        ...

    def begin(
        self, run: str, status: RunStatus, now: float, steps: Sequence[TaskStepRun] = ()
    ) -> None:
        """Remember that a run is `STARTED`, or `RUNNING` with these steps."""
        ...

    def step(self, run: str, step: TaskStepRun) -> None:
        """Remember how a step stands now."""
        ...

    def log(self, run: str) -> TaskLog:
        """Return where the run's output goes."""
        ...

    def pushed(self, run: str, image: OutputImage) -> None:
        """Remember an image that was pushed."""
        ...

    def based(self, run: str, bases: Mapping[str, str]) -> None:
        """Remember the digests of images that a run has built on, by name."""
        ...

    def bases(self, run: str) -> Mapping[str, str]:
        """Return the digests of images that a run has built on, by name."""
        ...

    def finish(self, run: str, status: RunStatus, message: str, now: float) -> None:
        """Remember how a run ended; what it used is summed up from its steps."""
        ...

    def canceled(self, run: str) -> str:
        """Return who asked for the end of a run, if anybody did; nobody while it cannot be read."""
        ...

    def interrupted(self, run: str, owner: str) -> None:
        """Remember who has interrupted a run, as far as that can be written."""
        ...

    def unended(self, project: str) -> Sequence[TaskRun]:
        """Return all runs of a project that have not ended, as far as they could write it."""
        ...

    def find(self, start: str) -> TaskRun | None:
        """Return the run whose id is or begins with `start`; raise if several do."""
        ...

    def went_wrong_at(self, moment: float) -> bool:
        """Say whether a run, of any project, was at work then, and has not succeeded since."""
        ...

    def abandon(self, runs: Sequence[str]) -> int:
        """End runs whose process is gone; return how many there were."""
        ...


class Ticket(NamedTuple):
    """A place in the queue of the machine. A higher `priority` goes first within a project."""

    run: str
    project: str
    task: str
    priority: int
    asked: float
    host: str
    process: str


class Queue(Protocol):
    """Lets so many runs work at the same time on this machine, fair between projects."""

    def turn(
        self, ticket: Ticket, cancel: Cancel, told: Callable[[str], None]
    ) -> AbstractContextManager[None]:
        """Wait for a turn, which ends with the context; `told` hears the place and the reason.

        Raises `DriverError` CANCELLED when `cancel` is raised meanwhile.
        """
        ...
