"""Gives runs of multi-step tasks what they need beside an engine; most of it is loaded at use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitops.drivers.base import Cancel, ReadContext, TaskEngine
from gitops.drivers.processes import is_gone
from gitops.engine.ports import TaskTools
from gitops.engine.tasks.ports import TaskBook
from gitops.engine.tasks.stage import Fetch, RunContext
from gitops.model.resources import BuildTask, PathSource
from gitops.model.secret import Secrets
from gitops.model.sources import Source


def task_tools(cache: Path) -> TaskTools:
    """Return the tools; `cache` is a folder that may be removed at any time between two runs."""
    places = _Places(cache)
    return TaskTools(places.files, places.remote, _Workspace(), _sweep, is_gone, _aliases)


class _Places:
    """Files of sources and of URLs."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    @contextmanager
    def files(self, task: BuildTask, source: Source, secrets: Secrets) -> Iterator[RunContext]:
        """Give the files of a task's source."""
        from gitops.drivers.contexts.files import (  # noqa: PLC0415 - for multi-step tasks only
            Facts,
            RunFiles,
        )

        if isinstance(task.source, PathSource):
            from gitops.drivers.contexts.folder_files import (  # noqa: PLC0415 - the same
                VCS,
                FolderFiles,
            )

            yield RunFiles(FolderFiles(Path(task.source.path)), Facts(task.source.path), VCS)
            return
        from gitops.drivers.contexts.git_files import source_files  # noqa: PLC0415 - 110 ms
        from gitops.drivers.git.wanted import GitWanted  # noqa: PLC0415 - the same

        wanted = GitWanted(task.address, task.source, "", task.triggers)
        with source_files(self._cache / "git", wanted, source, secrets) as found:
            yield found

    @contextmanager
    def remote(self, url: str, dockerfile: str, cancel: Cancel) -> Iterator[ReadContext]:
        """Give the context that a URL names."""
        from gitops.drivers.contexts.opening import open_remote  # noqa: PLC0415 - rare

        with (
            open_remote(self._cache, url, cancel) as found,
            found.build("", dockerfile) as context,
        ):
            yield context


class _Workspace:
    """A `WorkspaceReader`."""

    @contextmanager
    def build(self, fetch: Fetch, folder: str, dockerfile: str) -> Iterator[ReadContext]:
        """Give what a build of a folder of the workspace sends."""
        from gitops.drivers.tasks.workspace_context import (  # noqa: PLC0415 - see above
            WorkspaceContexts,
        )

        with WorkspaceContexts().build(fetch, folder, dockerfile) as context:
            yield context

    def read(self, fetch: Fetch, path: str) -> bytes:
        """Return a file of the workspace."""
        from gitops.drivers.tasks.workspace_context import (  # noqa: PLC0415 - see above
            WorkspaceContexts,
        )

        return WorkspaceContexts().read(fetch, path)


def _aliases(url: str) -> str:
    from gitops.drivers.contexts.alias_urls import read_aliases  # noqa: PLC0415 - few tasks name a URL

    return read_aliases(url)


def _sweep(engine: TaskEngine, book: TaskBook) -> tuple[str, ...]:
    from gitops.wiring.sweeps import sweep_all  # noqa: PLC0415 - for what makes images only

    return sweep_all(engine, book)
