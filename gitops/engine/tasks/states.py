"""How a run stands, from how its steps ended. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import NamedTuple

from gitops.engine.tasks.stopping import Stop, Why
from gitops.model.task_runs import OutputImage, RunStatus, StepStatus, TaskStepRun
from gitops.model.tasks import RunLine, Task, TaskStep

DEFAULT_NETWORK = "acb_default_network"
"""What the format calls the network that all steps share, whether they ask for it or not."""


class Tried(NamedTuple):
    """How an attempt at a step ended; with an empty message it went well.

    `beside` says that it was not the step's fault: the engine is gone, the disk is full. A step
    that ignores errors ignores such a one only if it is `ignorable`: a registry does not answer.
    What is `given_up` was called off, or has met a limit of time.
    """

    message: str = ""
    exit_code: int | None = None
    peak_memory: int = 0
    cpu: float = 0.0
    beside: bool = False
    ignored: bool = False
    ignorable: bool = False
    given_up: bool = False


class Tally:
    """What the attempts at a step have come to so far. Usage is the sum, or the most, of all."""

    def __init__(self) -> None:
        self.attempts = 0
        self.peak_memory = 0
        self.cpu = 0.0

    def count(self, tried: Tried) -> None:
        """Add what an attempt has used."""
        self.peak_memory = max(self.peak_memory, tried.peak_memory)
        self.cpu += tried.cpu

    def on(self, record: TaskStepRun) -> TaskStepRun:
        """Return the record with it."""
        return record._replace(attempts=self.attempts, peak_memory=self.peak_memory, cpu=self.cpu)


class Result(NamedTuple):
    """How a run ended."""

    status: RunStatus
    message: str
    steps: tuple[TaskStepRun, ...] = ()
    images: tuple[OutputImage, ...] = ()
    leftover: tuple[str, ...] = ()
    """What could not be taken away, each with the reason."""


def begun_with(task: Task) -> tuple[TaskStepRun, ...]:
    """Return the records of steps of which none has begun; numbers from 1 in the file's order."""
    return tuple(TaskStepRun(number, one.id, one.kind) for number, one in enumerate(task.steps, 1))


def after_attempts(record: TaskStepRun, tried: Tried, now: float) -> TaskStepRun:
    """Return the record of a step that has ended."""
    failed = bool(tried.message) and not tried.ignored
    return record._replace(
        status=StepStatus.FAILED if failed else StepStatus.SUCCEEDED,
        exit_code=tried.exit_code,
        message=f"ignored: {tried.message}" if tried.ignored else tried.message,
        ended=now,
    )


def verdict(
    why: Why | None, failure: str, at_work: Sequence[str], *, beside: bool
) -> tuple[RunStatus, str]:
    """Return how a run ended: by `why` it was stopped, or by the first `failure` of a step."""
    if why is not None and why.kind is Stop.CANCELED:
        return RunStatus.CANCELED, why.text
    if why is not None and why.kind is Stop.RUN_TIMEOUT:
        return RunStatus.TIMEOUT, f"{why.text}{_at_work(at_work)}"
    if why is not None and why.kind is Stop.NO_ROOM:
        return RunStatus.FAILED, f"{why.text}{_at_work(at_work)}"
    if failure:
        return (RunStatus.ERROR if beside else RunStatus.FAILED), failure
    return RunStatus.SUCCEEDED, ""


def waves(task: Task) -> tuple[tuple[TaskStep, ...], ...]:
    """Return the steps in groups that may run together, if each took equally long."""
    steps = {step.id: step for step in task.steps}
    sorter = TopologicalSorter({step.id: step.after for step in task.steps})
    sorter.prepare()
    found = []
    while sorter.is_active():
        ready = set(sorter.get_ready())
        found.append(tuple(step for name, step in steps.items() if name in ready))
        sorter.done(*ready)
    return tuple(found)


def needs_network(task: Task, *, isolated: bool = False) -> bool:
    """Say whether steps have to reach each other by name; a network costs a tenth of a second.

    They have to when one is detached, when two `cmd` steps can run at the same time, when the task
    speaks of networks, and when the work of strangers is kept from the engine's own network.
    """
    commands = [step for step in task.steps if isinstance(step.work, RunLine)]
    own = [network for network in task.networks if network.name != DEFAULT_NETWORK]
    if not commands or any(network.default for network in own):
        return False
    if isolated or own:
        return True
    if any(step.detach or _line_detaches(step) for step in commands):
        return True
    above = _above(task.steps)
    return any(
        one.id not in above[other.id] and other.id not in above[one.id]
        for place, one in enumerate(commands)
        for other in commands[place + 1 :]
    )


def _line_detaches(step: TaskStep) -> bool:
    return isinstance(step.work, RunLine) and step.work.detach


def _above(steps: Iterable[TaskStep]) -> Mapping[str, frozenset[str]]:
    """Return for each step those that have ended before it begins."""
    direct = {step.id: step.after for step in steps}
    found: dict[str, frozenset[str]] = {}
    for name in TopologicalSorter(direct).static_order():
        after = direct[name]
        found[name] = frozenset(after).union(*(found[one] for one in after))
    return found


def _at_work(names: Sequence[str]) -> str:
    steps = "step" if len(names) == 1 else "steps"
    return f"; at work: {steps} {', '.join(names)}" if names else ""
