"""What the pipeline needs from the outside, by what it is used for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from gitops.drivers.base import (
    Attester,
    BaseFollower,
    Builder,
    CertificateIssuer,
    Engine,
    EngineReader,
    EngineWatcher,
    GatewayReader,
    GatewayWriter,
    LeaseKeeper,
    NoteKeeper,
    RegistryClient,
    SecretReader,
    SourceReader,
    TaskEngine,
)
from gitops.engine.tasks.ports import Queue, TaskBook
from gitops.engine.tasks.stage import RemoteContext, RunContext, WorkspaceReader
from gitops.model.address import Address
from gitops.model.outcomes import Outcome
from gitops.model.plan import History, Plan, Step
from gitops.model.records import NewEvent, NewRun, Quarantine, RunRecord, RunState
from gitops.model.resources import BuildTask
from gitops.model.secret import Secrets
from gitops.model.sources import Source


class Site(NamedTuple):
    """One engine. What writes is made when it is first needed: its libraries are slow to load."""

    reader: EngineReader
    gateways: GatewayReader
    leases: LeaseKeeper
    notes: NoteKeeper
    watcher: EngineWatcher
    engine: Callable[[], Engine]
    gateway: Callable[[], GatewayWriter]
    builder: Callable[[], Builder]
    certificates: Callable[[], CertificateIssuer]
    tasks: Callable[[], TaskEngine]
    attester: Callable[[], Attester]


class TaskTools(NamedTuple):
    """What runs of multi-step tasks need beside an engine: files of a source, contexts that a URL
    names, contexts made of a workspace, what takes away the remains of dead runs, and files of
    aliases that a URL names.
    """

    files: Callable[[BuildTask, Source, Secrets], AbstractContextManager[RunContext]]
    remote: RemoteContext
    workspace: WorkspaceReader
    sweep: Callable[[TaskEngine, TaskBook], tuple[str, ...]]
    gone: Callable[[str, str], bool]
    """Says of (host, process) whether it has ended for certain."""
    aliases: Callable[[str], str]
    """Gives the text at a URL; raises `DriverError`."""


class World(NamedTuple):
    """All that is outside. `sites` are by target; `clock` gives seconds since 1970; `queue` is that
    of the machine.
    """

    sources: SourceReader
    secrets: SecretReader
    registries: RegistryClient
    sites: Mapping[str, Site]
    clock: Callable[[], float]
    bases: BaseFollower
    queue: Queue
    tools: TaskTools


class Log(Protocol):
    """The log of one step."""

    def write(self, line: str) -> None:
        """Append a line."""
        ...

    def close(self) -> None:
        """Write what is still in memory."""
        ...


class RunBook(Protocol):
    """Remembers runs and their steps."""

    def start(self, new: NewRun, steps: Sequence[Step]) -> str:
        """Remember a run that begins; return its id."""
        ...

    def begin_step(self, run: str, number: int, now: float) -> None:
        """Remember that a step begins."""
        ...

    def end_step(self, run: str, number: int, outcome: Outcome, now: float) -> None:
        """Remember how a step ended."""
        ...

    def step_log(self, run: str, number: int) -> Log:
        """Return where the step's output goes."""
        ...

    def finish(self, run: str, state: RunState, message: str, now: float) -> None:
        """Remember how a run ended."""
        ...

    def unended(self, project: str) -> Sequence[RunRecord]:
        """Return the runs of a project that have not ended, as far as they could write it."""
        ...

    def abandon(self, runs: Sequence[str]) -> int:
        """End runs whose process is gone; return how many there were."""
        ...


class EventBook(Protocol):
    """Remembers what happened to resources."""

    def append(self, events: Sequence[NewEvent]) -> None:
        """Append events; one that repeats the last is counted."""
        ...


class HoldBook(Protocol):
    """Remembers bad inputs."""

    def add(self, quarantine: Quarantine) -> None:
        """Remember that these inputs are bad."""
        ...


class MendingBook(Protocol):
    """Remembers what had to be put right."""

    def add(self, project: str, address: Address, now: float) -> None:
        """Remember one mending of a resource."""
        ...

    def lift(self, project: str, address: Address) -> None:
        """Forget those of a resource."""
        ...


class Memory(Protocol):
    """What is remembered between runs; nothing in it is needed to find out what to do."""

    @property
    def runs(self) -> RunBook:
        """The runs."""
        ...

    @property
    def events(self) -> EventBook:
        """The events."""
        ...

    @property
    def holds(self) -> HoldBook:
        """The quarantined inputs."""
        ...

    @property
    def mendings(self) -> MendingBook:
        """What had to be put right lately."""
        ...

    @property
    def task_runs(self) -> TaskBook:
        """The runs of tasks."""
        ...

    def history(self, project: str) -> History:
        """Return what planning has to know of the past."""
        ...


class Reporter(Protocol):
    """Shows a run to whoever watches it; called from several threads."""

    def planned(self, plan: Plan) -> None:
        """Take a plan that is about to be carried out."""
        ...

    def began(self, step: Step) -> None:
        """Take a step that begins."""
        ...

    def line(self, step: Step, text: str) -> None:
        """Take a line of a step's log."""
        ...

    def ended(self, step: Step, outcome: Outcome, seconds: float) -> None:
        """Take how a step ended."""
        ...

    def note(self, text: str) -> None:
        """Take a line about the run as a whole."""
        ...

    def close(self) -> None:
        """Show nothing more, however the run ended."""
        ...
