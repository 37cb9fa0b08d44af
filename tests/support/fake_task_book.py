"""Runs of tasks in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitops.model.task_runs import NewTaskRun, OutputImage, RunStatus, TaskRun, TaskStepRun


class FakeTaskLog:
    """A run's log in memory: (step, text) for each block."""

    def __init__(self, blocks: list[tuple[int, str]]) -> None:
        self._blocks = blocks

    def write(self, step: int, text: str) -> None:
        """Append whole lines."""
        self._blocks.append((step, text))

    def close(self) -> None:
        """Do nothing: it is all there."""


class FakeTaskBook:
    """Remembers what it was told of each run, in order; a test fills `asked_to_end`."""

    def __init__(self) -> None:
        self.asked: dict[str, NewTaskRun] = {}
        self.statuses: dict[str, list[RunStatus]] = {}
        self.messages: dict[str, list[str]] = {}
        self.steps: dict[str, dict[int, TaskStepRun]] = {}
        self.blocks: dict[str, list[tuple[int, str]]] = {}
        self.images: dict[str, list[OutputImage]] = {}
        self.asked_to_end: dict[str, str] = {}
        self.built_on: dict[str, dict[str, str]] = {}

    def ask(self, new: NewTaskRun) -> str:
        """Remember a run that is queued."""
        run = f"r{len(self.asked) + 1}"
        self.asked[run] = new
        self.statuses[run] = [RunStatus.QUEUED]
        self.messages[run], self.steps[run], self.blocks[run] = [], {}, []
        self.images[run] = []
        return run

    def waits(self, run: str, message: str) -> None:
        """Remember why it waits."""
        self.messages[run].append(message)

    def begin(
        self, run: str, status: RunStatus, _now: float, steps: Sequence[TaskStepRun] = ()
    ) -> None:
        """Remember that it begins."""
        self.statuses[run].append(status)
        self.steps[run].update({step.number: step for step in steps})

    def step(self, run: str, step: TaskStepRun) -> None:
        """Remember how a step stands now."""
        self.steps[run][step.number] = step

    def log(self, run: str) -> FakeTaskLog:
        """Return where its output goes."""
        return FakeTaskLog(self.blocks[run])

    def pushed(self, run: str, image: OutputImage) -> None:
        """Remember an image."""
        self.images[run].append(image)

    def based(self, run: str, bases: Mapping[str, str]) -> None:
        """Remember what it is built on."""
        self.built_on[run] = dict(bases)

    def bases(self, run: str) -> Mapping[str, str]:
        """Return what it is built on."""
        return self.built_on.get(run, {})

    def finish(self, run: str, status: RunStatus, message: str, _now: float) -> None:
        """Remember how it ended."""
        self.statuses[run].append(status)
        self.messages[run].append(message)

    def canceled(self, run: str) -> str:
        """Return who asked for its end."""
        return self.asked_to_end.get(run, "")

    def interrupted(self, run: str, owner: str) -> None:
        """Remember who did it."""
        self.asked_to_end[run] = owner

    def unended(self, project: str) -> tuple[TaskRun, ...]:
        """Return what has not ended."""
        return tuple(
            TaskRun(
                run, project, new.task, new.type, self.statuses[run][-1], new.causes, "",
                new.commit, new.branch, new.url, new.fingerprint, new.platform, new.owner,
                new.host, new.process, new.created, None, None, 0, 0.0,
            )
            for run, new in self.asked.items()
            if not self.statuses[run][-1].ended
        )  # fmt: skip

    def find(self, start: str) -> TaskRun | None:
        """Return a run that has not ended."""
        return next((run for run in self.unended("") if run.id.startswith(start)), None)

    def went_wrong_at(self, moment: float) -> bool:
        """Say whether anything was ever asked for before."""
        return any(new.created <= moment for new in self.asked.values())

    def abandon(self, runs: Sequence[str]) -> int:
        """End them."""
        for run in runs:
            self.statuses[run].append(RunStatus.ERROR)
        return len(runs)
