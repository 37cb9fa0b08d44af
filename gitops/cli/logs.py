"""`gitops logs`: what an app wrote, and what the steps of a run wrote."""

from __future__ import annotations

import time

import click

from gitops.cli import exits
from gitops.cli.deciding import Seat, take_seat
from gitops.cli.loading import read_bundle, settings
from gitops.cli.options import SpecOptions, spec_options
from gitops.drivers.processes import is_alive
from gitops.drivers.redact import Redactor
from gitops.engine.observe import observe_engines
from gitops.engine.sources import read_secrets
from gitops.model.address import Address, parse_address
from gitops.model.observed import LABEL_PROJECT, ObservedContainer
from gitops.model.outcomes import Found
from gitops.model.records import LogLine, RunRecord, RunState, StepState
from gitops.store.store import Store

_POLL = 0.2


@click.command("logs")
@click.argument("what", metavar="KIND/NAME|RUN")
@spec_options
@click.option("--follow", is_flag=True, help="Go on as more is written.")
@click.option(
    "--tail",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="NUMBER",
    help="How many of the last lines.",
)
def command(what: str, specs: SpecOptions, tail: int, *, follow: bool) -> int:
    """Print the log of an app's container, of a task's last build, or of a run.

    WHAT is WebApp/NAME, Registry/NAME or Target/NAME (its gateway) for a container, BuildTask/NAME
    for the last build, or the id of a run as `gitops runs` lists it.
    """
    seat = take_seat(read_bundle(specs), settings())
    if "/" not in what:
        record = seat.store.runs.find(what)
        if record is None:
            raise click.UsageError(f"{what!r} is neither Kind/name nor a run of `gitops runs`")
        return _run_log(seat.store, record, None, tail, follow=follow)
    try:
        address = parse_address(what)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if address.kind == "BuildTask":
        return _build_log(seat, address, tail, follow=follow)
    return _container_log(seat, address, tail, follow=follow)


def _build_log(seat: Seat, task: Address, tail: int, *, follow: bool) -> int:
    for record in seat.store.runs.list(seat.bundle.project, limit=200):
        for step in seat.store.runs.steps(record.id):
            begun = step.state not in (StepState.PENDING, StepState.SKIPPED)
            if step.address == task and step.action == "Build" and begun:
                return _run_log(seat.store, record, step.number, tail, follow=follow)
    click.echo(f"{task} was not built by this machine, as far as is remembered", err=True)
    return exits.FAILED


def _run_log(store: Store, record: RunRecord, step: int | None, tail: int, *, follow: bool) -> int:
    lines = store.runs.log(record.id, step)[-tail:]
    last = _print(lines, 0)
    while follow and _goes_on(store, record):
        time.sleep(_POLL)
        last = _print(store.runs.log(record.id, step, after=last), last)
    return exits.OK


def _goes_on(store: Store, record: RunRecord) -> bool:
    now = store.runs.find(record.id)
    running = now is not None and now.state is RunState.RUNNING
    return running and is_alive(record.host, record.process) is not False


def _print(lines: tuple[LogLine, ...], last: int) -> int:
    for line in lines:
        click.echo(line.line)
        last = line.sequence
    return last


def _container_log(seat: Seat, address: Address, tail: int, *, follow: bool) -> int:
    for target, seen in observe_engines(seat.bundle.project, seat.world.sites).items():
        mine = [
            one
            for one in (seen.value.containers if isinstance(seen, Found) else ())
            if one.owner == address and one.labels.get(LABEL_PROJECT) == seat.bundle.project
        ]
        if mine:
            container = max(mine, key=_newest)
            engine = seat.world.sites[target].engine()
            # An app may print what it was given.
            redact = Redactor(read_secrets(seat.bundle, seat.world)[0].values())
            for line in (
                engine.follow(container.name, tail) if follow else engine.logs(container.name, tail)
            ):
                click.echo(redact(line))
            return exits.OK
    click.echo(f"error: {address} has no container on any engine that answers", err=True)
    return exits.FAILED


def _newest(container: ObservedContainer) -> tuple[bool, int]:
    return container.running, container.created
