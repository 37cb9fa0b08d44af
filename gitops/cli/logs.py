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
from gitops.cli.loading import project_of, read_bundle, settings
from gitops.cli.options import SpecOptions, spec_options
from gitops.cli.pages.coloring import color_of
from gitops.cli.pages.following import Choice, Entry, followed, written
from gitops.cli.pages.reconcile_logs import print_build_log, print_steps_log
from gitops.cli.tasks.logs import RunChoice, print_run_log
from gitops.drivers.base import Engine
from gitops.drivers.redact import Redactor
from gitops.engine.looks.sources import read_secrets
from gitops.model.address import Address, parse_address
from gitops.plan.deploys.wishes import RefusedError
from gitops.spec.units import seconds
from gitops.store.store import Store
from gitops.store.task_reading import RunQuery
from gitops.wiring.memory import open_store

_TAIL = 100


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
    metavar="NUMBER",
    help="How many of the last lines.  [default: 100; of a task's run all]",
)
@click.option(
    "--replica",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="Only one replica of an app, counted from the oldest.",
)
@click.option("--sidecar", metavar="NAME", help="Only this sidecar of an app.")
@click.option("--step", default="", metavar="ID", help="Only this step of a task's run.")
@click.option("--timestamps", is_flag=True, help="With the time of each line of a task's run.")
def command(  # noqa: PLR0913 - one parameter for each option
    what: str,
    specs: SpecOptions,
    since: float,
    tail: int | None,
    replica: int | None,
    *,
    sidecar: str | None,
    step: str,
    follow: bool,
    timestamps: bool,
) -> int:
    """Print the log of an app's containers, of a task's last run, or of a run.

    WHAT is WebApp/NAME, Registry/NAME or Target/NAME (its gateway) for containers, BuildTask/NAME
    for its last run, or the id of a run as `gitops runs` lists it, which needs no spec. Lines of
    several containers come in the order in which they were written, each with its container's name.
    """
    wanted = _Wanted(Choice(since, tail or _TAIL), follow, replica, sidecar)
    chosen = settings()
    of_run = RunChoice(
        step, tail, since, timestamps, follow, color=sys.stdout.isatty() and chosen.color
    )
    address = _address(what)
    if address is None or address.kind == "BuildTask":
        if replica or sidecar:
            raise click.UsageError("--replica and --sidecar are for the containers of an app")
        project = project_of(specs)
        store = open_store(project, chosen)
        return _log_of(store, project, address or what, wanted, of_run)
    if step or timestamps:
        raise click.UsageError("--step and --timestamps are for runs of tasks")
    return _container_log(take_seat(read_bundle(specs), chosen), address, wanted)


def _address(what: str) -> Address | None:
    """Return the address; none is a run."""
    if "/" not in what:
        return None
    try:
        return parse_address(what)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _log_of(
    store: Store, project: str, what: Address | str, wanted: _Wanted, of_run: RunChoice
) -> int:
    """Print the log of a run, or of the last one of a BuildTask; neither needs any spec."""
    if isinstance(what, Address):
        runs = store.task_runs.list(project, RunQuery(task=what.name, limit=1))
        if runs:
            return print_run_log(store, runs[0], of_run)
        return print_build_log(store, project, what, wanted.choice, follow=wanted.follow)
    run = store.task_runs.find(what)
    if run is not None:
        return print_run_log(store, run, of_run)
    record = store.runs.find(what)
    if record is None:
        raise click.UsageError(f"{what!r} is neither Kind/name nor a run of `gitops runs`")
    return print_steps_log(store, record, None, wanted.choice, follow=wanted.follow)


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
        return click.style(text, fg=color_of(self._names[name])) if self._color else text
