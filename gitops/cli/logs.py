"""`gitops logs`: what an app wrote, and what the steps of a run wrote."""

from __future__ import annotations

import re
import sys
import time
from itertools import pairwise
from typing import NamedTuple

import click

from gitops.cli import exits
from gitops.cli.deciding import Seat, take_seat
from gitops.cli.finding import Unit, chosen, units_of
from gitops.cli.following import Choice, Entry, followed, written
from gitops.cli.loading import read_bundle, settings
from gitops.cli.options import SpecOptions, spec_options
from gitops.drivers.base import Engine
from gitops.drivers.processes import is_alive
from gitops.drivers.redact import Redactor
from gitops.engine.sources import read_secrets
from gitops.model.address import Address, parse_address
from gitops.model.records import LogLine, RunRecord, RunState, StepState
from gitops.plan.wishes import RefusedError
from gitops.spec.units import seconds
from gitops.store.store import Store

_POLL = 0.2
_COLORS = ("cyan", "yellow", "green", "magenta", "blue", "bright_cyan", "bright_yellow")


class _Wanted(NamedTuple):
    """Which lines, and of which containers."""

    choice: Choice
    follow: bool
    replica: int | None
    sidecar: str | None


class _Command(click.Command):
    """Takes `-f` with no path behind it for `--follow`, as other log commands have it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments of one command line."""
        told = [
            "--follow" if arg == "-f" and behind.startswith("-") else arg
            for arg, behind in pairwise([*args, "-"])
        ]
        return super().parse_args(ctx, told)


def _since(_context: click.Context, _parameter: click.Parameter, text: str) -> float:
    if not text:
        return 0.0
    if not re.fullmatch(r"([0-9]+(ms|s|m|h|d))+", text):
        raise click.BadParameter(f"{text!r} is no duration: write 90s, 10m or 1h30m")
    return time.time() - seconds(text)


@click.command("logs", cls=_Command)
@click.argument("what", metavar="KIND/NAME|RUN")
@spec_options
@click.option("--follow", is_flag=True, help="Go on as more is written; -f without a path as well.")
@click.option(
    "--since",
    default="",
    callback=_since,
    metavar="DURATION",
    help="Only what was written in the last 90s, 10m, 1h30m.",
)
@click.option(
    "--tail",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="NUMBER",
    help="How many of the last lines.",
)
@click.option(
    "--replica",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="Only one replica of an app, counted from the oldest.",
)
@click.option("--sidecar", metavar="NAME", help="Only this sidecar of an app.")
def command(  # noqa: PLR0913 - one parameter for each option
    what: str,
    specs: SpecOptions,
    since: float,
    tail: int,
    replica: int | None,
    sidecar: str | None,
    *,
    follow: bool,
) -> int:
    """Print the log of an app's containers, of a task's last build, or of a run.

    WHAT is WebApp/NAME, Registry/NAME or Target/NAME (its gateway) for containers, BuildTask/NAME
    for the last build, or the id of a run as `gitops runs` lists it. Lines of several containers
    come in the order in which they were written, each with its container's name.
    """
    seat = take_seat(read_bundle(specs), settings())
    wanted = _Wanted(Choice(since, tail), follow, replica, sidecar)
    if "/" not in what:
        record = seat.store.runs.find(what)
        if record is None:
            raise click.UsageError(f"{what!r} is neither Kind/name nor a run of `gitops runs`")
        return _run_log(seat.store, record, None, wanted)
    try:
        address = parse_address(what)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if address.kind == "BuildTask":
        return _build_log(seat, address, wanted)
    return _container_log(seat, address, wanted)


def _build_log(seat: Seat, task: Address, wanted: _Wanted) -> int:
    for record in seat.store.runs.list(seat.bundle.project, limit=200):
        for step in seat.store.runs.steps(record.id):
            begun = step.state not in (StepState.PENDING, StepState.SKIPPED)
            if step.address == task and step.action == "Build" and begun:
                return _run_log(seat.store, record, step.number, wanted)
    click.echo(f"{task} was not built by this machine, as far as is remembered", err=True)
    return exits.FAILED


def _run_log(store: Store, record: RunRecord, step: int | None, wanted: _Wanted) -> int:
    since, tail = wanted.choice
    lines = tuple(line for line in store.runs.log(record.id, step) if line.time >= since)
    last = _print(lines[-tail:], 0)
    while wanted.follow and _goes_on(store, record):
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


def _container_log(seat: Seat, address: Address, wanted: _Wanted) -> int:
    def look() -> tuple[Unit, ...]:
        return chosen(units_of(seat, address), wanted.replica, wanted.sidecar)

    def again() -> tuple[Unit, ...]:
        try:
            return look()
        except RefusedError:
            return ()  # all are gone by now

    def engine(target: str) -> Engine:
        return seat.world.sites[target].engine()

    # An app may print what it was given.
    redact = Redactor(read_secrets(seat.bundle, seat.world)[0].values())
    units = look()
    sources = Sources(units, color=sys.stdout.isatty() and seat.settings.color)
    entries = (
        followed(engine, again, wanted.choice)
        if wanted.follow
        else written(engine, units, wanted.choice)
    )
    for entry in entries:
        click.echo(f"{sources.prefix(entry)}{redact(entry.line)}")
    return exits.OK


class Sources:
    """Gives the lines of each container their prefix, in a colour of its own."""

    def __init__(self, units: tuple[Unit, ...], *, color: bool) -> None:
        self._color = color
        self._names: dict[str, int] = {}
        self._told = len(units) > 1
        for unit in units:
            self._names.setdefault(unit.name, len(self._names))
        self._width = max((len(name) for name in self._names), default=0)

    def prefix(self, entry: Entry) -> str:
        """Return the prefix of a line; empty as long as there is one container only."""
        name = entry.unit.name
        if name not in self._names:
            self._told = True
            self._names[name] = len(self._names)
        if not self._told:
            return ""
        text = f"{name:{self._width}} | "
        color = _COLORS[self._names[name] % len(_COLORS)]
        return click.style(text, fg=color) if self._color else text
