"""What is remembered of a task's runs: one record each, never changed once it has ended.

Times are seconds since 1970 (UTC), memory bytes, CPU time seconds.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class RunStatus(StrEnum):
    """How a run stands: the eight of Azure Container Registry."""

    QUEUED = "Queued"
    STARTED = "Started"
    """Its turn has come; its inputs are made ready."""
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    """A step failed."""
    CANCELED = "Canceled"
    ERROR = "Error"
    """Something beside its steps went wrong: the engine, the disk, this program."""
    TIMEOUT = "Timeout"

    @property
    def ended(self) -> bool:
        """Say whether nothing more happens to the run."""
        return self not in (RunStatus.QUEUED, RunStatus.STARTED, RunStatus.RUNNING)


class RunType(StrEnum):
    """Who asked for it: a person (`Quick`) or a trigger (`Auto`); an image or a task file."""

    QUICK_BUILD = "QuickBuild"
    QUICK_RUN = "QuickRun"
    AUTO_BUILD = "AutoBuild"
    AUTO_RUN = "AutoRun"


class CauseKind(StrEnum):
    """What kind of change a run answers to."""

    COMMIT = "COMMIT"
    CONFIG = "CONFIG"
    BASE_IMAGE = "BASE_IMAGE"
    SCHEDULE = "SCHEDULE"
    AFTER = "AFTER"
    TAG = "TAG"
    PULL_REQUEST = "PULL_REQUEST"
    MANUAL = "MANUAL"
    RETRY = "RETRY"
    """The run before, with the same inputs, did not come to a good end."""
    MISSING = "MISSING"
    """The registry has no image for inputs that were there before."""


class Cause(NamedTuple):
    """Why a run started: `COMMIT 1a2b3c4d→5e6f7a8b`, `BASE_IMAGE node:22 81aa→3f9c`."""

    kind: CauseKind
    text: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.text}".rstrip()


class StepStatus(StrEnum):
    """How a step of a run stands: the words of Azure Container Registry."""

    SKIPPED = "skipped"
    """It has not begun, or never will."""
    RUNNING = "inprogress"
    SUCCEEDED = "successful"
    FAILED = "failed"


class Retention(NamedTuple):
    """How many ended runs of a task are kept, those that succeeded and all others, and how long."""

    succeeded: int
    failed: int
    age: float
    """Seconds."""


class NewTaskRun(NamedTuple):
    """A run that is asked for. `task` is empty for quick work.

    `snapshot` is JSON: all that it takes to do the same again, with references to secrets and
    without their values. `host` and `process` tell whether the one that runs it still lives.
    """

    project: str
    task: str
    type: RunType
    causes: tuple[Cause, ...]
    snapshot: str
    created: float
    owner: str
    host: str
    process: str
    commit: str = ""
    branch: str = ""
    url: str = ""
    fingerprint: str = ""
    platform: str = "linux/amd64"
    retention: Retention | None = None
    """None: what is usual for a task, or for quick work."""


class TaskRun(NamedTuple):
    """A run as it is remembered. `message` says why it did not succeed, or why it waits."""

    id: str
    project: str
    task: str
    type: RunType
    status: RunStatus
    causes: tuple[Cause, ...]
    message: str
    commit: str
    branch: str
    url: str
    fingerprint: str
    platform: str
    owner: str
    host: str
    process: str
    created: float
    started: float | None
    ended: float | None
    peak_memory: int
    """Of the step that used most; 0 is not known."""
    cpu: float
    """Of all steps' containers together."""
    canceled_by: str = ""
    """Who asked for its end, while it may still be at work."""


class TaskStepRun(NamedTuple):
    """A step of a run. `exit_code` is none where no process ended; `attempts` counts all tries."""

    number: int
    id: str
    kind: str
    status: StepStatus = StepStatus.SKIPPED
    exit_code: int | None = None
    attempts: int = 0
    message: str = ""
    started: float | None = None
    ended: float | None = None
    peak_memory: int = 0
    cpu: float = 0.0


class OutputImage(NamedTuple):
    """An image that a run pushed."""

    registry: str
    repository: str
    tag: str
    digest: str

    def __str__(self) -> str:
        return f"{self.registry}/{self.repository}:{self.tag}@{self.digest}"


class LogBlock(NamedTuple):
    """Whole lines of one step's log, each with its line end, that were read by `time`.

    `sequence` grows through all runs and is never used twice; `step` is a step's number, 0 for
    what the run says of itself.
    """

    sequence: int
    step: int
    time: float
    text: str
