"""`gitops watch`: the developer's loop."""

from __future__ import annotations

import random
import signal
import time
from threading import Event
from types import FrameType

import click

from gitops.cli import exits
from gitops.cli.loading import read, settings, show
from gitops.cli.options import SpecOptions, spec_options
from gitops.cli.progress import PlainReporter
from gitops.cli.running import waiting
from gitops.drivers.redact import Redactor
from gitops.drivers.watcher import Watcher
from gitops.engine.leasing import Claim
from gitops.engine.loop import Watch, follow
from gitops.engine.polling import PolledSources
from gitops.engine.reconcile import Crew
from gitops.engine.sources import read_secrets
from gitops.engine.wakeups import Wakeups
from gitops.model.bundle import Bundle
from gitops.model.diagnostics import Diagnostic
from gitops.model.resources import PathSource
from gitops.settings import Settings
from gitops.wiring.memory import new_lease, open_store
from gitops.wiring.worlds import open_world


@click.command("watch")
@spec_options
@click.option("-v", "--verbose", is_flag=True, help="Show the log of every step.")
def command(specs: SpecOptions, *, verbose: bool) -> int:
    """Follow specs, folders and git; reconcile on every change, until Ctrl-C."""
    chosen = settings()
    stop = Event()
    wakeups = Wakeups()
    reporter = PlainReporter(logs=verbose)

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        wakeups.wake("stop")

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    files = _SpecFiles(specs, Watcher(lambda path: wakeups.wake(f"{path} changed")))

    def opened(bundle: Bundle) -> tuple[Crew, PolledSources]:
        return _open(bundle, chosen, reporter, stop)

    reporter.note("watching; Ctrl-C ends it")
    try:
        follow(Watch(files, opened, wakeups, random.random, stop.is_set))
    finally:
        files.close()
    reporter.note("stopped")
    return exits.OK


def _open(
    bundle: Bundle, chosen: Settings, reporter: PlainReporter, stop: Event
) -> tuple[Crew, PolledSources]:
    world = open_world(bundle, chosen)
    sources = PolledSources(world.sources, time.monotonic)
    secrets, _ = read_secrets(bundle, world)
    claim = Claim(
        bundle.project,
        new_lease(chosen, "watch"),
        wait=False,
        waiting=lambda target, holder: reporter.note(waiting(target, holder)),
    )
    crew = Crew(
        world._replace(sources=sources),
        open_store(bundle.project, chosen),
        reporter,
        Redactor(secrets.values()),
        claim,
        stop,
    )
    return crew, sources


class _SpecFiles:
    """The specs as they are on disk, watched; the last good ones stay in force."""

    def __init__(self, specs: SpecOptions, watcher: Watcher) -> None:
        self._specs = specs
        self._watcher = watcher
        self._good: Bundle | None = None
        self._said: tuple[Diagnostic, ...] | None = None

    def latest(self) -> Bundle | None:
        """Return the last good bundle, reading again; the same one if nothing changed."""
        loaded = read(self._specs)
        if loaded.diagnostics != self._said:
            show(loaded.diagnostics, verbose=False)
            if loaded.bundle is None:
                stays = "the last good specs stay in force" if self._good else "nothing is done"
                click.echo(f"specs are broken: {stays}", err=True)
            elif self._said is not None:
                click.echo("specs are good again" if self._good is None else "specs were read")
            self._said = loaded.diagnostics
        if loaded.bundle is not None and loaded.bundle != self._good:
            self._good = loaded.bundle
        self._watch(loaded.files)
        return self._good

    def close(self) -> None:
        """Watch no more."""
        self._watcher.close()

    def _watch(self, files: tuple[str, ...]) -> None:
        sources = [
            task.source.path
            for task in (self._good.tasks if self._good else ())
            if isinstance(task.source, PathSource)
        ]
        named = [str(path) for path in (*self._specs.files, *self._specs.values)]
        self._watcher.watch([*files, *named] or ["registry.yaml"], sources)
