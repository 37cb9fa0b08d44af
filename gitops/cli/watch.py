"""`gitops watch`: the developer's loop."""

from __future__ import annotations

import gc
import os
import random
import signal
import time
from threading import Event, Thread
from types import FrameType

import click

from gitops.cli import exits
from gitops.cli.loading import settings
from gitops.cli.options import SpecOptions, spec_options
from gitops.cli.pages.progress import PlainReporter
from gitops.cli.running import waiting
from gitops.cli.spec_files import SpecFiles
from gitops.drivers.redact import Redactor
from gitops.drivers.sources.watcher import Watcher
from gitops.engine.leasing import Claim
from gitops.engine.reconcile import Crew
from gitops.engine.watch.loop import QUIET, Watch, follow
from gitops.engine.watch.polling import PolledSources
from gitops.engine.watch.wakeups import Wakeups
from gitops.model.bundle import Bundle
from gitops.settings import Settings
from gitops.wiring.memory import new_lease, open_store
from gitops.wiring.worlds import open_world


@click.command("watch")
@spec_options
@click.option("-v", "--verbose", is_flag=True, help="Show the log of every step.")
def command(specs: SpecOptions, *, verbose: bool) -> int:
    """Follow specs, folders and git; reconcile on every change, until Ctrl-C."""
    # Other commands are over before the collector would have something to do.
    gc.enable()
    chosen = settings()
    stop = Event()
    wakeups = Wakeups()
    reporter = PlainReporter(logs=verbose)
    _stop_on_signals(stop, wakeups)
    files = SpecFiles(specs, Watcher(lambda path: wakeups.wake(f"{path} changed", quiet=QUIET)))

    def opened(bundle: Bundle) -> tuple[Crew, PolledSources]:
        return _open(bundle, chosen, reporter, stop)

    reporter.note("watching; Ctrl-C ends it")
    try:
        follow(Watch(files, opened, Redactor, wakeups, random.random, stop.is_set))
    finally:
        files.close()
    reporter.note("stopped")
    return exits.OK


def _stop_on_signals(stop: Event, wakeups: Wakeups) -> None:
    """Let Ctrl-C and SIGTERM end the loop in good order, and a second one end it at once."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            # Threads may hang in what they wait for; the next run mends what they leave.
            os._exit(exits.INTERRUPTED)
        stop.set()
        # Not from here: the loop may hold the lock that `wake` waits for.
        Thread(target=wakeups.wake, args=("stop",), daemon=True).start()

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)


def _open(
    bundle: Bundle, chosen: Settings, reporter: PlainReporter, stop: Event
) -> tuple[Crew, PolledSources]:
    world = open_world(bundle, chosen)
    sources = PolledSources(world.sources, time.monotonic)
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
        Redactor(),
        claim,
        stop,
    )
    return crew, sources
