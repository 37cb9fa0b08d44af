"""Fills the workspace while the steps before its first use are at work.

The engine takes as long to unpack a small context as to start a container, and the first `cmd` step
would have to wait for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from gitops.drivers.base import DriverError
from gitops.engine.tasks.build_lines import dockerfile_of, is_remote
from gitops.engine.tasks.stage import RunContext
from gitops.engine.tasks.workspace import Workspace
from gitops.model.tasks import BuildLine, RunLine, Task

_START = 1.0
"""Seconds that the steps before have for themselves: with two processors a build that takes half a
second becomes slower by more than the first command becomes faster."""

_FROM = rb"(?im)^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*([^\s$]+)[ \t]*(?:\s|$)"
"""A stage's base, unless ARGs are in it (https://docs.docker.com/reference/dockerfile/#from)."""


@contextmanager
def filled_ahead(task: Task, workspace: Workspace, context: RunContext | None) -> Iterator[None]:
    """Fill the workspace beside the steps, if that is of use; give it up when they have ended.

    It needs no more than a container that is never started, of any image that the engine has. What
    stands against it is no failure: the first step that mounts the workspace fills it itself.
    """
    if context is None or not _is_of_use(task):
        yield
        return
    ended = Event()

    def fill() -> None:
        if not ended.wait(_START):
            workspace.fill_ahead(_images(task, context), ended)

    thread = Thread(target=fill, name="workspace", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _is_of_use(task: Task) -> bool:
    commands = [step for step in task.steps if isinstance(step.work, RunLine)]
    return bool(commands) and all(step.after for step in commands)


def _images(task: Task, context: RunContext) -> Iterator[str]:
    """Give images that the engine may have: those of the commands, and those of builds' bases."""
    for step in task.steps:
        if isinstance(step.work, RunLine):
            yield step.work.image
    for step in task.steps:
        line = step.work
        if isinstance(line, BuildLine) and not is_remote(line.context):
            yield from _bases(context, dockerfile_of(step, line))


def _bases(context: RunContext, dockerfile: str) -> Iterator[str]:
    try:
        text = context.read(dockerfile)
    except DriverError:
        return  # its build says so
    for name in re.findall(_FROM, text):
        if name.lower() != b"scratch":
            yield name.decode(errors="replace")
