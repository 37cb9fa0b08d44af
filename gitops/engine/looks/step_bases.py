"""What the build steps of multi-step tasks build on, told from their Dockerfiles before any run.

A Dockerfile that an earlier step writes is not there yet, and a base whose name has the id or the
time of the run in it is another one each time: neither is followed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from gitops.drivers.base import DriverError
from gitops.engine.builds.reading_steps import read_steps
from gitops.engine.looks.task_bases import LATER, bases_of_builds
from gitops.engine.ports import TaskTools
from gitops.model.bundle import Bundle
from gitops.model.dockerfile import BaseImages
from gitops.model.outcomes import Found, Observation, Unreachable
from gitops.model.resources import BuildTask, Steps
from gitops.model.secret import Secret, Secrets
from gitops.model.sources import Source
from gitops.model.tasks import RunFacts
from gitops.plan.repositories import place_of, server_of


class _Answers:
    """Remembers what was told of commits: `watch` asks the same again at every event."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[tuple[object, ...], BaseImages] = {}

    def get(self, question: tuple[object, ...], answer: Callable[[], BaseImages]) -> BaseImages:
        """Return the answer to a question, which is always the same."""
        if question not in self._known:
            found = answer()
            if len(self._known) >= self._most:
                self._known.pop(next(iter(self._known)))
            self._known[question] = found
        return self._known[question]


_ANSWERS = _Answers(512)


class StepBases(NamedTuple):
    """Tells what the build steps of tasks build on, from the files of their sources."""

    bundle: Bundle
    tools: TaskTools
    secrets: Secrets

    def told(self, task: BuildTask, seen: Observation[Source]) -> Observation[Source]:
        """Return a source with what its steps build on; unreachable when its files cannot be read.

        A tag or a pull request whose files cannot be read is left out.
        """
        if task.steps is None or not isinstance(seen, Found):
            return seen
        source = seen.value
        try:
            main = source._replace(built_on=self._built_on(task, task.steps, source))
        except DriverError as error:
            return Unreachable(source.location, str(error))
        beside: list[Source] = []
        errors = list(source.beside_errors)
        for one in source.beside:
            try:
                beside.append(one._replace(built_on=self._built_on(task, task.steps, one)))
            except DriverError as error:
                errors.append(f"{one.location}: {error}")
        return Found(main._replace(beside=tuple(beside), beside_errors=tuple(errors)))

    def _built_on(self, task: BuildTask, steps: Steps, source: Source) -> BaseImages:
        if "build" not in (steps.text or source.recipe):
            return BaseImages()
        if not source.commit:
            return self._looked_up(task, steps, source)
        known = (
            source._replace(beside=(), beside_errors=(), stale=""),
            (*steps[:2], repr(sorted(steps.values.items())), *sorted(task.secrets)),
            (self._facts(task), task.source),
        )
        return _ANSWERS.get(known, partial(self._looked_up, task, steps, source))

    def _looked_up(self, task: BuildTask, steps: Steps, source: Source) -> BaseImages:
        """Return what the builds build on; nothing where the run itself will say what is wrong.

        Files of aliases are those of the source alone: a look asks no strange server.
        """
        from gitops.spec.tasks import Given  # noqa: PLC0415 - as in `read_steps`

        secrets = {name: Secret(LATER) for name in task.secrets}
        given = Given(self._facts(task), steps.values, secrets)
        with self.tools.files(task, source, self.secrets) as files:
            read, _ = read_steps(steps, source, given, lambda where: files.read(where).decode())
            return bases_of_builds(read, files) if read is not None else BaseImages()

    def _facts(self, task: BuildTask) -> RunFacts:
        registry = place_of(self.bundle, task).registry
        return RunFacts(
            id=LATER,
            registry=server_of(self.bundle, registry) if registry else "",
            registry_name=registry.name if registry else "",
            date=LATER,
            task_name=task.address.name,
            triggered_by=LATER,
            shared_volume=LATER,
        )
