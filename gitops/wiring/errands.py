"""Puts together what a run of a task works with, on one engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from threading import Lock, Thread
from typing import NamedTuple

from gitops.drivers.base import Builder, Cancel, ReadContext, RunMark
from gitops.drivers.builders.docker_config import Endpoint
from gitops.drivers.builders.habit import Chores, Habit, pace
from gitops.drivers.contexts.files import RunFiles
from gitops.drivers.contexts.opening import open_context, open_remote, with_dockerfile
from gitops.drivers.engine.connection import connect_engine
from gitops.drivers.engine.http import unobserved
from gitops.drivers.processes import is_gone, this_host, this_process
from gitops.drivers.redact import Redactor
from gitops.drivers.tasks.engine import DockerTaskEngine
from gitops.drivers.tasks.workspace_context import WorkspaceContexts
from gitops.engine.tasks.errand import Office
from gitops.engine.tasks.stage import Allowed, Inputs, Limits, Records, Screen, Stage, Work
from gitops.engine.tasks.stopping import StopFlag
from gitops.engine.tasks.sweeping import end_records
from gitops.model.secret import Secret
from gitops.settings import Settings
from gitops.store.task_runs import TaskRuns
from gitops.wiring.sweeps import sweep_all
from gitops.wiring.task_memory import open_queue

Auths = Mapping[str, tuple[str, Secret]]


class Ground(NamedTuple):
    """Where runs of a project take place."""

    project: str
    settings: Settings
    auths: Auths
    book: TaskRuns


class Manner(NamedTuple):
    """How a run is to be, and where it is shown."""

    inputs: Inputs
    allowed: Allowed
    limits: Limits
    secrets: tuple[Secret, ...]
    screen: Screen


class Errands:
    """Gives the office and the stages of runs on the engine of the settings."""

    def __init__(self, ground: Ground, secrets: Iterable[Secret]) -> None:
        self._ground = ground
        settings = ground.settings
        self._redact = Redactor([*secrets, *(secret for _, secret in ground.auths.values())])
        self._endpoint = Endpoint(settings.engine, ground.auths, settings.environ)
        self._http = connect_engine(settings.engine, settings.environ, unobserved)
        self._engine = DockerTaskEngine(self._http, self._endpoint)
        self._lock = Lock()
        self._builder: Builder | None = None
        self._chores = Chores()

    def prepare_builder(self) -> None:
        """Begin to look for a builder: the CLIs that are asked take their time to answer."""
        Thread(target=self.builder, name="builder", daemon=True).start()

    def builder(self) -> Builder:
        """Return what builds on the engine."""
        from gitops.drivers.builders.choice import choose_builder  # noqa: PLC0415 - the same
        from gitops.drivers.builders.prune import tidy  # noqa: PLC0415 - 30 ms, only for a build

        with self._lock:
            if self._builder is None:
                settings = self._ground.settings
                chosen = choose_builder(
                    self._endpoint, settings.builder, self._redact, settings.cache
                )
                habit = Habit(pace(settings.cache, settings.engine), self._chores.later)
                self._builder = tidy(chosen, self._http, settings.build_cache, habit)
            return self._builder

    def office(self, told: Callable[[str, str], None]) -> Office:
        """Return where the project's runs are asked for."""
        ground = self._ground
        queue = open_queue(ground.settings)
        return Office(ground.book, queue, time.time, told, self._sweep)

    def _sweep(self) -> tuple[str, ...]:
        """Take away what dead runs left, and give their records an end."""
        book = self._ground.book
        end_records(book, self._ground.project, is_gone)
        return sweep_all(self._engine, book)

    @contextmanager
    def stage(self, run: str, flag: StopFlag, manner: Manner) -> Iterator[Stage]:
        """Give the stage of a run, whose log is written out when it ends."""
        mark = RunMark(run, self._ground.project, this_host(), this_process())
        book = self._ground.book
        with closing(book.log(run)) as log:
            work = Work(self._engine, self.builder, self._remote, WorkspaceContexts())
            records = Records(book, log, self._redact, manner.screen, time.time)
            try:
                yield Stage(mark, work, records, flag, manner.inputs, manner.allowed, manner.limits)
            finally:
                self._chores.wait(flag)

    @contextmanager
    def _remote(self, url: str, dockerfile: str, cancel: Cancel) -> Iterator[ReadContext]:
        with (
            open_remote(self._ground.settings.cache, url, cancel) as files,
            files.build("", dockerfile) as context,
        ):
            yield context


@contextmanager
def opened_files(settings: Settings, place: str, dockerfile: str = "") -> Iterator[RunFiles]:
    """Give the files of a folder or URL, for as long as they are needed.

    `dockerfile` is the path of one that does not lie among them.
    """
    with open_context(settings.cache, place) as files:
        yield with_dockerfile(files, dockerfile) if dockerfile else files
