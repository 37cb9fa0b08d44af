"""Stand-ins for drivers and books. Each says what it was asked; what a test needs, it scripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from support.fake_keepers import FakeLeases, FakeNotes, FakeWatcher

from gitops.drivers.base import Cancel, DriverError, ErrorKind, Output, Usage
from gitops.engine.ports import Site, World
from gitops.model.observed import ContainerState, EngineSnapshot
from gitops.model.outcomes import Outcome
from gitops.model.plan import Plan, Step
from gitops.model.secret import Secrets
from gitops.model.wanted import WantedContainer

RUNNING = ContainerState("running", 0, oom_killed=False, restarts=0, error="")


class ScriptedEngine:
    """An engine that carries nothing out: `does` is called with what it was asked for.

    `states` are given one after the other, the last one for ever. A run ends with the next of
    `codes`, or else with 0, after it gave `lines`; `used` is what containers use, `prints` what
    every command in one does.
    """

    def __init__(
        self,
        states: Sequence[ContainerState] = (RUNNING,),
        lines: Sequence[str] = (),
        does: Callable[[str], None] = lambda _asked: None,
        codes: Sequence[int] = (),
        prints: str = "",
    ) -> None:
        self._prints = prints
        self._states = list(states)
        self._lines = tuple(lines)
        self._does = does
        self._codes = list(codes)
        self.used: dict[str, Usage] = {}
        self.asked: list[str] = []

    def state(self, container: str) -> ContainerState:
        """Return the next state."""
        self.asked.append(f"state {container}")
        return self._states.pop(0) if len(self._states) > 1 else self._states[0]

    def logs(self, _container: str, tail: int) -> tuple[str, ...]:
        """Return the last lines."""
        return self._lines[-tail:]

    def start(self, container: str) -> None:
        """Note it."""
        self._do(f"start {container}")

    def stop(self, container: str, timeout: float) -> None:
        """Note it."""
        self._do(f"stop {container} {timeout:g}")

    def remove(self, container: str) -> None:
        """Note it."""
        self._do(f"remove {container}")

    def restart(self, container: str, timeout: float) -> None:
        """Note it."""
        self._do(f"restart {container} {timeout:g}")

    def create_network(
        self, name: str, _labels: Mapping[str, str], *, addressed: bool = True
    ) -> None:
        """Note it."""
        self._do(f"create {'' if addressed else 'plain '}network {name}")

    def subnet(self, _network: str) -> str:
        """Return the lower half of a small network."""
        return "10.9.0.0/25"

    def create_container(self, container: WantedContainer, _secrets: Secrets) -> str:
        """Note it; its name is its id."""
        self._do(f"create {container.name}")
        return container.name

    def run_once(
        self,
        container: WantedContainer,
        _secrets: Secrets,
        desk: tuple[Output, Cancel],
        timeout: float,
    ) -> int:
        """Note it, give the lines, and end as scripted."""
        self._do(f"run {container.name} {timeout:g}")
        output, cancel = desk
        for line in self._lines:
            output(line)
        if cancel.is_set():
            raise DriverError(ErrorKind.CANCELLED, f"container {container.name} was given up")
        return self._codes.pop(0) if self._codes else 0

    def execute(self, _container: str, command: Sequence[str]) -> tuple[int, str]:
        """Note it; it ends well."""
        self._do(f"execute {' '.join(command)}")
        return 0, self._prints

    def usage(self, containers: Sequence[str]) -> Mapping[str, Usage]:
        """Return what was scripted."""
        return {name: self.used[name] for name in containers if name in self.used}

    def _do(self, asked: str) -> None:
        self.asked.append(asked)
        self._does(asked)


class FakeReader:
    """An engine to look at."""

    def __init__(self, snapshot: EngineSnapshot) -> None:
        self.seen = snapshot

    def snapshot(self, _project: str) -> EngineSnapshot:
        """Return what is there."""
        return self.seen


class FakeReporter:
    """Keeps what it was told, in order."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.order: list[str] = []

    def planned(self, _plan: Plan) -> None:
        """Take a plan."""

    def began(self, step: Step) -> None:
        """Take a step that begins."""
        self.order.append(f"began {step.number}")

    def line(self, _step: Step, _text: str) -> None:
        """Take a line of a log."""

    def ended(self, step: Step, outcome: Outcome, _seconds: float) -> None:
        """Take how a step ended."""
        self.order.append(f"{type(outcome).__name__} {step.number}")

    def close(self) -> None:
        """End."""

    def note(self, text: str) -> None:
        """Take a line."""
        self.notes.append(text)


class Unused:
    """Stands where a test needs nothing; whatever is asked of it fails."""

    def __getattr__(self, name: str) -> object:
        raise AttributeError(f"{name} is not for this test")


def world_of(engine: ScriptedEngine, leases: FakeLeases, snapshot: EngineSnapshot) -> World:
    """Return a world with one target, `local`."""
    unused: object = Unused()
    site = Site(
        reader=FakeReader(snapshot),
        gateways=unused,  # type: ignore[arg-type]
        leases=leases,
        notes=FakeNotes(snapshot.notes),
        watcher=FakeWatcher(),
        engine=lambda: engine,  # type: ignore[arg-type, return-value]
        gateway=lambda: unused,  # type: ignore[arg-type, return-value]
        builder=lambda: unused,  # type: ignore[arg-type, return-value]
        certificates=lambda: unused,  # type: ignore[arg-type, return-value]
        tasks=lambda: unused,  # type: ignore[arg-type, return-value]
        attester=lambda: unused,  # type: ignore[arg-type, return-value]
    )
    sites: Mapping[str, Site] = {"local": site}
    return World(
        unused,  # type: ignore[arg-type]
        _NoSecrets(),
        unused,  # type: ignore[arg-type]
        sites,
        lambda: 1000.0,
        unused,  # type: ignore[arg-type]
        unused,  # type: ignore[arg-type]
        unused,  # type: ignore[arg-type]
    )


class _NoSecrets:
    def read(self, references: Sequence[object]) -> tuple[dict[object, object], dict[object, str]]:
        """Return nothing for nothing."""
        return {}, dict.fromkeys(references, "there are none")
