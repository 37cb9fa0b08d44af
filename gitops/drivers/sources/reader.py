"""Reads every build source: folders here, git through a part that is imported when it is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gitops.drivers.base import BuildContext, DriverError, ErrorKind
from gitops.drivers.git.wanted import GitWanted
from gitops.drivers.observe import observed
from gitops.model.address import Address
from gitops.model.outcomes import Observation, Unreachable
from gitops.model.resources import BuildTask, GitSource, PathSource, Triggers
from gitops.model.secret import Secrets
from gitops.model.sources import Source

if TYPE_CHECKING:
    from gitops.drivers.git.reader import GitReader


class Sources:
    """The `SourceReader`; `cache` is a folder that may be removed at any time between two runs."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    def read(
        self, tasks: Sequence[BuildTask], secrets: Secrets
    ) -> Mapping[Address, Observation[Source]]:
        """Return the source of each task; one look per (repository, ref), whatever the tasks."""
        folders: dict[Address, Observation[Source]] = {}
        commits: list[GitWanted] = []
        for task in tasks:
            match task.source:
                case PathSource(path):
                    look = partial(_read_folder, path, task.recipe, task.triggers)
                    folders[task.address] = observed(look, path)
                case GitSource():
                    commits.append(_wanted(task, task.source))
        return {**folders, **self._commits(commits, secrets)}

    def _commits(
        self, commits: Sequence[GitWanted], secrets: Secrets
    ) -> Mapping[Address, Observation[Source]]:
        if not commits:
            return {}
        try:
            git = _git_reader(self._cache)
        except DriverError as error:
            return {wanted.address: Unreachable("git", str(error)) for wanted in commits}
        return git.read(commits, secrets)

    def context(
        self, task: BuildTask, source: Source, secrets: Secrets, *, recipe: str = ""
    ) -> AbstractContextManager[BuildContext]:
        """Give the exact files of `source`; raise `DriverError` when they are gone or changed."""
        match task.source:
            case PathSource(path):
                return _folder_context(path, task.recipe, source, recipe)
            case GitSource() as wanted:
                git = _git_reader(self._cache)
                return git.context(_wanted(task, wanted), source, secrets, recipe=recipe)


def _wanted(task: BuildTask, source: GitSource) -> GitWanted:
    return GitWanted(task.address, source, task.recipe, task.triggers)


def _read_folder(path: str, dockerfile: str, triggers: Triggers) -> Source:
    from gitops.drivers.sources.folder import read_folder  # noqa: PLC0415 - 8 ms, for folders only

    return read_folder(path, dockerfile, triggers)


def _folder_context(
    path: str, dockerfile: str, source: Source, recipe: str
) -> AbstractContextManager[BuildContext]:
    from gitops.drivers.sources.folder import folder_context  # noqa: PLC0415 - 8 ms, for folders only

    return folder_context(path, dockerfile, source, recipe)


def _git_reader(cache: Path) -> GitReader:
    try:
        from gitops.drivers.git.reader import (  # noqa: PLC0415 - 110 ms, for git sources only
            GitReader,
        )
    except ImportError as error:  # what GitPython raises where there is no git
        raise DriverError(
            ErrorKind.UNREACHABLE, "git cannot be run", "install it, or put it on the PATH"
        ) from error
    return GitReader(cache)
