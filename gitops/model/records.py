"""What is remembered of runs, steps and events. Times are seconds since 1970 (UTC)."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.lease import Lease


class RunState(StrEnum):
    """How a run stands, or how it ended."""

    RUNNING = "running"
    CONVERGED = "converged"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    INTERRUPTED = "interrupted"


class StepState(StrEnum):
    """How a step stands, or how it ended."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    RETRY = "retry"
    STALLED = "stalled"
    SKIPPED = "skipped"
    SUPERSEDED = "superseded"
    INTERRUPTED = "interrupted"


class EventType(StrEnum):
    """Whether an event wants attention."""

    NORMAL = "Normal"
    WARNING = "Warning"


class RunPlan(NamedTuple):
    """What a run set out to do: `text` as people saw it, `document` as JSON without secrets."""

    text: str = ""
    document: str = ""


class NewRun(NamedTuple):
    """A run about to begin. `lease` is the right under which it works and says whose run it is."""

    project: str
    command: str
    """`reconcile`, `watch` or `down`."""
    reason: str
    lease: Lease
    started: float
    plan: RunPlan = RunPlan()


class RunRecord(NamedTuple):
    """A run as it is remembered.

    `lease`, `host` and `process` tell whether one that is `running` can still be at work.
    """

    id: str
    project: str
    command: str
    reason: str
    owner: str
    lease: str
    host: str
    process: str
    started: float
    ended: float | None
    state: RunState
    message: str


class StepRecord(NamedTuple):
    """A step of a run; `reason` is a CamelCase constant where it ended badly, else empty."""

    run: str
    number: int
    address: Address
    action: str
    because: str
    state: StepState
    reason: str
    detail: str
    started: float | None
    ended: float | None


class LogLine(NamedTuple):
    """One line of a step's log. `sequence` grows through all runs and is never used twice."""

    sequence: int
    run: str
    step: int
    time: float
    line: str


class NewEvent(NamedTuple):
    """Something that happened to a resource; `run` is empty when it was outside of one."""

    project: str
    address: Address
    type: EventType
    reason: str
    message: str
    time: float
    run: str = ""


class EventRecord(NamedTuple):
    """An event as it is remembered: it happened `times` times, from `first` to `last`."""

    id: int
    project: str
    address: Address
    type: EventType
    reason: str
    message: str
    times: int
    first: float
    last: float
    run: str
    """The latest run in which it happened."""


CANCELED = "canceled: "
"""How the reason begins for inputs that are not bad: somebody did not want them made."""


class Quarantine(NamedTuple):
    """A wish of a resource that went wrong: its hash, why, in which run and when."""

    project: str
    address: Address
    wish: str
    reason: str
    run: str
    time: float
