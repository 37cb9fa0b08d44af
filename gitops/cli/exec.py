"""`gitops exec`: a command in a container of an app."""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

import click

from gitops.cli.deciding import Seat, take_seat
from gitops.cli.finding import Unit, chosen, units_of
from gitops.cli.loading import read_bundle, settings
from gitops.cli.options import SpecOptions, app_argument, spec_options
from gitops.drivers.engine.connection import connect_engine
from gitops.drivers.engine.shell import Streams, attach
from gitops.model.address import Address
from gitops.model.resources import Target
from gitops.plan.deploys.wishes import RefusedError


@click.command("exec")
@app_argument
@click.argument("words", nargs=-1, required=True, metavar="-- COMMAND...")
@spec_options
@click.option(
    "--replica",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="In which replica, counted from the oldest.  [default: the oldest that runs]",
)
@click.option("--sidecar", metavar="NAME", help="In a sidecar of the replica.")
def command(
    address: Address,
    words: tuple[str, ...],
    specs: SpecOptions,
    replica: int | None,
    sidecar: str | None,
) -> int:
    """Run a command in a container of an app, and exit with its exit code.

    It gets a terminal where input and output are one; else it reads what is piped to it.
    """
    seat = take_seat(read_bundle(specs), settings())
    unit = _unit(units_of(seat, address), replica, sidecar)
    return _run(seat, unit, words)


def _unit(units: tuple[Unit, ...], replica: int | None, sidecar: str | None) -> Unit:
    found = chosen(units, replica, sidecar)
    fitting = [unit for unit in found if unit.sidecar == (sidecar or "")]
    running = [unit for unit in fitting if unit.container.running]
    if not running:
        states = ", ".join(f"{unit.name} is {unit.container.state}" for unit in fitting)
        raise RefusedError(f"no such container runs: {states}; `gitops status` says why")
    return running[0]


def _run(seat: Seat, unit: Unit, words: tuple[str, ...]) -> int:
    target = seat.bundle.resources.get(Address("Target", unit.target))
    own = target.engine if isinstance(target, Target) else ""
    address = own or seat.settings.engine
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if not terminal and urlsplit(address).scheme not in ("unix", "tcp", "http"):
        # Behind TLS or SSH there is no plain socket to carry the streams.
        code, said = seat.world.sites[unit.target].engine().execute(unit.container.name, words)
        click.echo(said, nl=False)
        return code
    http = connect_engine(address, seat.settings.environ)
    return attach(http, address, (unit.container.name, words), Streams(tty=terminal))
