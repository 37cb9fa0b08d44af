"""What a `build` line says of its files and arguments, before anything is built."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from gitops.drivers.base import ReadContext
from gitops.model.tasks import WORKSPACE, BuildLine, TaskStep


class ContextFiles(Protocol):
    """Files in which builds find their contexts."""

    def build(self, folder: str, dockerfile: str) -> AbstractContextManager[ReadContext]:
        """Give what a build of `folder` sends; see `RunContext.build`."""
        ...


def is_remote(context: str) -> bool:
    """Say whether a build's context is a URL, as `docker build` tells them."""
    return "://" in context or context.startswith(("git@", "github.com/"))


def in_workspace(step: TaskStep, path: str) -> str:
    """Return a path of the step's working directory as one of the workspace."""
    return posixpath.relpath(posixpath.join(step.working_directory, path), WORKSPACE)


def dockerfile_of(step: TaskStep, line: BuildLine) -> str:
    """Return the Dockerfile of a build in the workspace, as a path of that."""
    return in_workspace(step, line.file or posixpath.join(line.context, "Dockerfile"))


def context_of(
    step: TaskStep, line: BuildLine, files: ContextFiles
) -> AbstractContextManager[ReadContext]:
    """Give the context of a build whose folder lies in the workspace."""
    file = line.file and in_workspace(step, line.file)
    return files.build(in_workspace(step, line.context), file)


def args_of(step: TaskStep, line: BuildLine) -> Mapping[str, str]:
    """Return the arguments; one without a value and without a variable keeps the Dockerfile's."""
    taken = {name: step.env.get(name) if value is None else value for name, value in line.args}
    return {name: value for name, value in taken.items() if value is not None}
