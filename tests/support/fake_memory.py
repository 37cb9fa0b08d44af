"""What is remembered, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from support.fake_task_book import FakeTaskBook

from gitops.model.address import Address
from gitops.model.observed import ContainerState
from gitops.model.outcomes import Outcome
from gitops.model.plan import History, Step
from gitops.model.records import NewEvent, NewRun, Quarantine, RunRecord, RunState

RUNNING = ContainerState("running", 0, oom_killed=False, restarts=0, error="")


class FakeLog:
    """A step's log in memory."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def write(self, line: str) -> None:
        """Append a line."""
        self._lines.append(line)

    def close(self) -> None:
        """Do nothing: it is all there."""


class FakeMendings:
    """Mendings in memory: whose, and when."""

    def __init__(self) -> None:
        self.told: list[tuple[Address, float]] = []

    def add(self, _project: str, address: Address, now: float) -> None:
        """Remember one."""
        self.told.append((address, now))

    def lift(self, _project: str, address: Address) -> None:
        """Forget those of a resource."""
        self.told = [one for one in self.told if one[0] != address]


class FakeMemory:
    """The store in memory: runs, events and holds in one."""

    def __init__(self) -> None:
        self.started: list[NewRun] = []
        self.logs: dict[int, list[str]] = {}
        self.outcomes: dict[int, Outcome] = {}
        self.finished: list[RunState] = []
        self.told: list[NewEvent] = []
        self.held: list[Quarantine] = []
        self.left_open: tuple[RunRecord, ...] = ()
        self.abandoned: list[str] = []
        self.mendings = FakeMendings()
        self.task_runs = FakeTaskBook()

    @property
    def runs(self) -> FakeMemory:
        """The book of runs."""
        return self

    @property
    def events(self) -> FakeMemory:
        """The book of events."""
        return self

    @property
    def holds(self) -> FakeMemory:
        """The book of holds."""
        return self

    def history(self, _project: str) -> History:
        """Return the quarantines."""
        found: dict[Address, dict[str, str]] = {}
        for one in self.held:
            found.setdefault(one.address, {})[one.wish] = one.reason
        mended = Counter(address for address, _ in self.mendings.told)
        return History(found, mended)

    def start(self, new: NewRun, _steps: Sequence[Step]) -> str:
        """Remember a run."""
        self.started.append(new)
        return f"run-{len(self.started)}"

    def begin_step(self, _run: str, number: int, _now: float) -> None:
        """Remember that a step begins."""
        self.logs[number] = []

    def end_step(self, _run: str, number: int, outcome: Outcome, _now: float) -> None:
        """Remember how a step ended."""
        self.outcomes[number] = outcome

    def step_log(self, _run: str, number: int) -> FakeLog:
        """Return where a step's output goes."""
        return FakeLog(self.logs[number])

    def finish(self, _run: str, state: RunState, _message: str, _now: float) -> None:
        """Remember how a run ended."""
        self.finished.append(state)

    def unended(self, _project: str) -> tuple[RunRecord, ...]:
        """Return what a run before has left open."""
        return self.left_open

    def abandon(self, runs: Sequence[str]) -> int:
        """End them."""
        self.abandoned.extend(runs)
        self.left_open = tuple(one for one in self.left_open if one.id not in runs)
        return len(runs)

    def append(self, events: Sequence[NewEvent]) -> None:
        """Remember events."""
        self.told.extend(events)

    def add(self, quarantine: Quarantine) -> None:
        """Remember bad inputs."""
        self.held.append(quarantine)
