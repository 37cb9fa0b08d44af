"""What the builds of one task start from, as far as the files of its source tell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.tasks.build_lines import ContextFiles, args_of, context_of, is_remote
from gitops.model.dockerfile import BaseImages, base_images
from gitops.model.image import DOCKER_HUB, canonical, registry_of
from gitops.model.tasks import BuildLine, RunLine, Task, TaskStep

LATER = "not-known-yet"
"""Stands for what only a run has: its id, its time, secrets."""

_NOT_THERE = (ErrorKind.MISSING, ErrorKind.INVALID, ErrorKind.DENIED)


def bases_of_builds(task: Task, files: ContextFiles) -> BaseImages:
    """Return what the builds of a task build on, less what it makes itself; each image once."""
    return _joined(list(_bases(task, files)))


def _bases(task: Task, files: ContextFiles) -> Iterator[BaseImages]:
    builds = [(step, step.work) for step in task.steps if isinstance(step.work, BuildLine)]
    made = _Made(task)
    for step, line in builds:
        if is_remote(line.context):
            continue
        text = _dockerfile(step, line, files)
        if text is None:
            continue
        found = base_images(text, args_of(step, line), line.target)
        yield BaseImages(
            tuple(name for name in found.runtime if made.follows(name)),
            tuple(name for name in found.build if made.follows(name)),
            found.unknown,
        )


def _dockerfile(step: TaskStep, line: BuildLine, files: ContextFiles) -> str | None:
    """Return the text of a build's Dockerfile, none where it is not there."""
    try:
        with context_of(step, line, files) as context:
            return context.text
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
        return not (said or LATER in name or canonical(name) in self._names)


def _spellings(name: str) -> Iterator[str]:
    """Give the repositories by which an image may be pushed.

    One without a slash is Docker's own, which no task pushes, and a common word.
    """
    host, path = registry_of(canonical(name).repository)
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
