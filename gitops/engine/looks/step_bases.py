"""What the build steps of multi-step tasks build on, told from their Dockerfiles before any run.

A Dockerfile that an earlier step writes is not there yet, and a base whose name has the id or the
time of the run in it is another one each time: neither is followed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.ports import TaskTools
from gitops.engine.tasks.build_lines import DOCKERFILE, args_of, dockerfile_of, is_remote
from gitops.model.bundle import Bundle
from gitops.model.dockerfile import BaseImages, base_images
from gitops.model.image import DOCKER_HUB, canonical, parse_image, registry_of
from gitops.model.outcomes import Found, Observation, Unreachable
from gitops.model.resources import BuildTask, Steps
from gitops.model.secret import Secret, Secrets
from gitops.model.sources import Source
from gitops.model.tasks import BuildLine, RunFacts, RunLine, Task, TaskStep
from gitops.plan.repositories import place_of, server_of

_LATER = "not-known-yet"
"""Stands for what only a run has: its id, its time, secrets."""
_NOT_THERE = (ErrorKind.MISSING, ErrorKind.INVALID, ErrorKind.DENIED)


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
            (source.location, source.pull, source.tree, source.recipe),
            (*steps[:2], repr(sorted(steps.values.items())), *sorted(task.secrets)),
            (self._facts(task, source), task.source),
        )
        return _ANSWERS.get(known, partial(self._looked_up, task, steps, source))

    def _looked_up(self, task: BuildTask, steps: Steps, source: Source) -> BaseImages:
        with self.tools.files(task, source, self.secrets) as files:
            read = self._task(task, steps, source, files.read)
            return _joined(list(_bases(read, files.read))) if read is not None else BaseImages()

    def _task(
        self, task: BuildTask, steps: Steps, source: Source, read: Callable[[str], bytes]
    ) -> Task | None:
        """Return the task as a run would have it; none where the run itself will say what is wrong.

        Files of aliases are those of the source alone: a look asks no strange server.
        """
        from gitops.spec.tasks import (  # noqa: PLC0415 - 120 ms, for multi-step tasks only
            FetchError,
            Given,
            TaskText,
            read_task,
        )

        def fetch(where: str) -> str:
            try:
                return read(where).decode()
            except (DriverError, UnicodeDecodeError) as error:
                raise FetchError(f"{where}: {error}") from error

        text = TaskText(
            steps.text or source.recipe, steps.file or "steps", posixpath.dirname(steps.file)
        )
        secrets = {name: Secret(_LATER) for name in task.secrets}
        found, _ = read_task(text, Given(self._facts(task, source), steps.values, secrets), fetch)
        return found

    def _facts(self, task: BuildTask, source: Source) -> RunFacts:
        registry = place_of(self.bundle, task).registry
        return RunFacts(
            id=_LATER,
            registry=server_of(self.bundle, registry) if registry else "",
            registry_name=registry.name if registry else "",
            date=_LATER,
            commit=source.commit,
            branch=source.branch,
            git_tag=source.tag,
            repository=source.url,
            task_name=task.address.name,
            triggered_by=_LATER,
            shared_volume=_LATER,
        )


def _bases(task: Task, read: Callable[[str], bytes]) -> Iterator[BaseImages]:
    """Give what each build builds on, less what the task makes itself."""
    builds = [(step, step.work) for step in task.steps if isinstance(step.work, BuildLine)]
    made = _Made(task)
    for step, line in builds:
        if is_remote(line.context):
            continue
        text = _dockerfile(step, line, read)
        if text is None:
            continue
        found = base_images(text, args_of(step, line), line.target)
        yield BaseImages(
            tuple(name for name in found.runtime if made.follows(name)),
            tuple(name for name in found.build if made.follows(name)),
            found.unknown,
        )


def _dockerfile(step: TaskStep, line: BuildLine, read: Callable[[str], bytes]) -> str | None:
    """Return the text of a build's Dockerfile, none where it is not there."""
    name = dockerfile_of(step, line)
    for path in (
        (name,) if line.file else (name, name.removesuffix(DOCKERFILE) + DOCKERFILE.lower())
    ):
        try:
            return read(path).decode(errors="replace")
        except DriverError as error:
            if error.kind not in _NOT_THERE:
                raise
    return None


def _made_by(step: TaskStep) -> tuple[str, ...]:
    """Return the names that a step gives to images, on the engine or in a registry."""
    if isinstance(step.work, RunLine):
        return ()
    return step.work.tags if isinstance(step.work, BuildLine) else step.work


class _Made:
    """What a task makes itself: by the names that its steps give, or that stand in its commands."""

    def __init__(self, task: Task) -> None:
        self._names = {canonical(name) for step in task.steps for name in _made_by(step)}
        lines = [step.work for step in task.steps if isinstance(step.work, RunLine)]
        self._commands = "\n".join(word for line in lines for word in _words(line))

    def follows(self, name: str) -> bool:
        """Say whether a base is one that a run only takes: it is moved by others."""
        said = any(_mentioned(each, self._commands) for each in _spellings(name))
        return not (said or _LATER in name or canonical(name) in self._names)


def _spellings(name: str) -> Iterator[str]:
    """Give the repositories by which an image may be pushed.

    One without a slash is Docker's own, which no task pushes, and a common word.
    """
    host, path = registry_of(parse_image(canonical(name)).repository)
    yield f"{host}/{path}"
    if host == DOCKER_HUB and not path.startswith("library/"):
        yield from (path, f"index.{host}/{path}")


def _mentioned(repository: str, text: str) -> bool:
    """Say whether a repository stands in a text as a word of its own, also behind `docker://`."""
    word = rf"(?:(?<=//)|(?<![\w./-])){re.escape(repository)}(?![\w/-]|\.\w)"
    return re.search(word, text) is not None


def _words(line: RunLine) -> Iterator[str]:
    yield line.entrypoint or ""
    yield from line.args
    yield from (f"{name}={value}" for name, value in line.env)


def _joined(all_: list[BaseImages]) -> BaseImages:
    """Return several as one, each image and place once."""
    runtime = tuple(dict.fromkeys(name for one in all_ for name in one.runtime))
    build = tuple(dict.fromkeys(name for one in all_ for name in one.build if name not in runtime))
    return BaseImages(runtime, build, tuple(dict.fromkeys(x for one in all_ for x in one.unknown)))
