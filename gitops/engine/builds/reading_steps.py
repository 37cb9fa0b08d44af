"""The multi-step task of a build task, read from its source."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import TYPE_CHECKING

from gitops.drivers.base import DriverError
from gitops.model.diagnostics import Diagnostic
from gitops.model.resources import Steps
from gitops.model.sources import Source
from gitops.model.tasks import Task

if TYPE_CHECKING:  # 120 ms, for multi-step tasks only
    from gitops.spec.tasks import Given


def read_steps(
    steps: Steps, source: Source, given: Given, text_at: Callable[[str], str]
) -> tuple[Task | None, tuple[Diagnostic, ...]]:
    """Return the task with its templates rendered, and its findings; see `read_task`.

    What the source knows of its commit is filled in. `text_at` gives a file of aliases; it raises
    `DriverError` or `UnicodeDecodeError` where there is none.
    """
    from gitops.spec.tasks import (  # noqa: PLC0415 - 120 ms, for multi-step tasks only
        FetchError,
        TaskText,
        read_task,
    )

    def fetch(where: str) -> str:
        try:
            return text_at(where)
        except (DriverError, UnicodeDecodeError) as error:
            raise FetchError(f"{where}: {error}") from error

    folder = posixpath.dirname(steps.file)
    text = TaskText(steps.text or source.recipe, steps.file or "steps", folder)
    facts = given.facts._replace(
        commit=source.commit, branch=source.branch, git_tag=source.tag, repository=source.url
    )
    return read_task(text, given._replace(facts=facts), fetch)
