"""Keeps the build cache of an engine within a budget: after each build, what was used least goes.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/BuildPrune
"""

from __future__ import annotations

import time
from typing import NamedTuple

from gitops.drivers.base import (
    Ability,
    BuildContext,
    Builder,
    BuildJob,
    Cancel,
    DriverError,
    ErrorKind,
    Output,
)
from gitops.drivers.builders.habit import Habit
from gitops.drivers.engine.http import EngineHttp, expect


def prune_cache(http: EngineHttp, keep: int) -> int:
    """Shrink the cache to `keep` bytes; return how many were freed.

    Layers that an image uses, and those of a build at work, are not touched. Raises `DriverError`.
    """
    # From API 1.48 on the limit has another name; each engine passes over the one it does not know.
    path = f"/build/prune?keep-storage={keep}&reserved-space={keep}"
    answer = expect(http.call("POST", path), "the build cache could not be pruned").json()
    freed = answer.get("SpaceReclaimed") if isinstance(answer, dict) else None
    if not isinstance(freed, int):
        raise DriverError(
            ErrorKind.FAILED, "the build cache could not be pruned", f"the engine says {answer!r}"
        )
    return freed


def tidy(builder: Builder, http: EngineHttp, keep: int, habit: Habit | None = None) -> Builder:
    """Return a builder that keeps the cache within `keep` bytes; 0 is no limit."""
    return TidyBuilder(builder, http, keep, habit or Habit()) if keep else builder


class TidyBuilder(NamedTuple):
    """A builder after whose builds the engine's cache has `keep` bytes at most."""

    builder: Builder
    http: EngineHttp
    keep: int
    habit: Habit

    @property
    def name(self) -> str:
        """The builder's."""
        return self.builder.name

    @property
    def warning(self) -> str:
        """The builder's."""
        return self.builder.warning

    @property
    def abilities(self) -> frozenset[Ability]:
        """The builder's."""
        return self.builder.abilities

    def build(self, job: BuildJob, context: BuildContext, output: Output, cancel: Cancel) -> None:
        """Build, then prune: also after a build that failed, which has filled the cache as well."""
        try:
            self.builder.build(job, context, output, cancel)
        finally:
            if not cancel.is_set() and self.habit.pace.due(self.keep, time.time()):
                self.habit.later(self._prune, output)

    def _prune(self, output: Output) -> None:
        began = time.monotonic()
        try:
            freed = prune_cache(self.http, self.keep)
        except DriverError as error:
            output(f"warning: {error}".splitlines()[0])
            return
        if freed:
            output(f"the build cache was over its budget: {freed / 2**20:.1f} MiB were freed")
        self.habit.pace.note(self.keep, 0.0 if freed else time.monotonic() - began, time.time())
