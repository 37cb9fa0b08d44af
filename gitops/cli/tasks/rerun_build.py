"""Makes the image of a BuildTask's run again, and says which tags were left as they are."""

from __future__ import annotations

import json
from contextlib import closing
from threading import Event

import click

from gitops.cli import exits
from gitops.cli.deciding import Seat, read_seat
from gitops.cli.interrupting import interruptible
from gitops.cli.options import SpecOptions
from gitops.cli.tasks.by_hand_reporter import ByHandReporter
from gitops.cli.tasks.inputs import Handed, handed
from gitops.cli.tasks.rerun_secrets import Anew, given_again
from gitops.cli.tasks.show import STOPPING, show_ended
from gitops.drivers.redact import Redactor
from gitops.engine.builds.records import BuildRuns, Registrar
from gitops.engine.builds.rerunning import Workshop, make_again
from gitops.engine.looks.sources import references
from gitops.engine.scene import Desk, Hand
from gitops.model.outcomes import Done, Outcome, Retry, Stalled, Superseded
from gitops.model.task_runs import Cause, CauseKind, TaskRun
from gitops.model.task_snapshots import BuildSnapshot
from gitops.wiring.memory import new_lease


def rerun_build(specs: SpecOptions, record: TaskRun, snapshot: BuildSnapshot, anew: Anew) -> int:
    """Make the image again and push it under its exact name; return the exit code."""
    seat, cancel = read_seat(specs), Event()
    cause = Cause(CauseKind.MANUAL, f"rerun of {record.id} by {seat.settings.owner}")
    given = _given(seat, record, snapshot, anew)
    redact = _redactor(seat, snapshot, given)
    runs = _runs(seat, redact)
    desk = Desk(*(lambda text: click.echo(redact(text)),) * 2, cancel)
    reporter = ByHandReporter(snapshot.image.task)
    try:
        with interruptible(cancel, STOPPING), closing(reporter):
            shop = Workshop(seat.bundle, seat.world, runs)
            hand = _hand(snapshot, reporter, given)
            hand = hand._replace(bases=seat.store.task_runs.bases(record.id))
            outcome = make_again(shop, snapshot, cause, desk, hand)
    finally:
        runs.close()
    book = seat.store.task_runs
    ended = book.find(reporter.run) if reporter.run else None
    if ended is not None:
        show_ended(ended, book.images(ended.id))
    return exits.INTERRUPTED if cancel.is_set() else _told(snapshot, outcome)


def _told(snapshot: BuildSnapshot, outcome: Outcome) -> int:
    image = snapshot.image
    if isinstance(outcome, Done):
        click.echo(f"{image.ref} was made again" if image.pushes else f"{image.task} ran again")
        if image.moving:
            tags = ", ".join(image.moving)
            click.echo(f"not moved: {tags}; they follow the newest source: `gitops reconcile`")
        return exits.OK
    click.echo(f"error: {image.task}: {_why(outcome)}", err=True)
    return exits.FAILED


def _why(outcome: Outcome) -> str:
    match outcome:
        case Retry(reason, detail) | Stalled(reason, detail):
            return ": ".join(filter(None, (reason, detail)))
        case Superseded():
            return "its source folder has changed since: the same cannot be made of it any more"
        case _:
            return str(outcome)


def _given(seat: Seat, record: TaskRun, snapshot: BuildSnapshot, anew: Anew) -> Handed:
    """Return what was given by hand for the run, with its secrets read again."""
    kept = snapshot.given
    wishes = given_again(record, anew, kept.secrets, kept.hidden)
    return handed(wishes, seat.settings.environ, json.loads(kept.values or "{}"))


def _hand(snapshot: BuildSnapshot, reporter: ByHandReporter, given: Handed) -> Hand:
    kept = snapshot.given
    return Hand(
        snapshot.image.task,
        reporter.told,
        reporter.begins,
        reporter.show.screen,
        given.values if kept.values else None,
        given.secrets,
        kept._replace(secrets=given.references),
    )


def _redactor(seat: Seat, snapshot: BuildSnapshot, given: Handed) -> Redactor:
    then = {**seat.bundle.resources, snapshot.image.owner: snapshot.task}
    bundle = seat.bundle._replace(resources=then)
    values, _ = seat.world.secrets.read(sorted(references(bundle), key=str))
    return Redactor([*values.values(), *given.hidden])


def _runs(seat: Seat, redact: Redactor) -> BuildRuns:
    world, lease = seat.world, new_lease(seat.settings, "rerun")
    book, project = seat.store.task_runs, seat.bundle.project
    return BuildRuns(Registrar(book, world.queue, world.clock, lease, project, redact))
