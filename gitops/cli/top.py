"""`gitops top`: what apps use, and how their requests fare."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from gitops.cli import exits
from gitops.cli.deciding import decide_from, read_seat
from gitops.cli.options import SpecOptions, output_option, spec_options
from gitops.cli.pages.output import emit
from gitops.engine.looks.loads import Load, measure
from gitops.model.outcomes import Unreachable

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_NAMES = ("APP", "REPLICA", "STATE", "CPU", "MEMORY", "REQUESTS/S", "ERRORS", "TIME", "OPEN")


@click.command("top")
@spec_options
@output_option("text", "json", "yaml")
@click.option("--watch", "-w", is_flag=True, help="Go on, and show it again as it changes.")
def command(specs: SpecOptions, output: str, *, watch: bool) -> int:
    """Show what each replica of each app uses, and how its requests fare.

    Requests are those of one second, as the gateway counts them; times are the average of the last
    1024 answers.
    """
    seat = read_seat(specs)
    prefix = f"{seat.bundle.project}-"
    while True:
        decision = decide_from(seat)
        found = measure(decision, seat.world)
        silent = [one for one in decision.observed.engines.values() if isinstance(one, Unreachable)]
        for what, why in silent:
            click.echo(f"error: {what}: {why}", err=True)
        if output != "text":
            emit([_document(load) for load in found], output)
        else:
            if watch and sys.stdout.isatty():
                click.clear()
            _table(found, prefix, color=seat.settings.color)
        if not watch:
            return exits.FAILED if silent else exits.OK


def _table(found: Iterable[Load], prefix: str, *, color: bool) -> None:
    from gitops.cli.pages.tables import print_table  # noqa: PLC0415 - rich: 70 ms, only for a table

    print_table(_NAMES, [_cells(load, prefix) for load in found], color=color)


def _cells(load: Load, prefix: str) -> tuple[str, ...]:
    usage = load.usage
    routed = load.up is not None
    return (
        str(load.app),
        load.replica.removeprefix(prefix),
        load.state if load.up is not False else "unwell",
        f"{usage.cpus * 100:.1f} %" if usage else "-",
        _memory(usage.memory, usage.limit) if usage else "-",
        f"{load.rate:.1f}" if routed else "-",
        f"{load.errors * 100:.1f} %" if routed else "-",
        f"{load.milliseconds:.0f} ms" if routed else "-",
        str(load.open) if routed else "-",
    )


def _memory(used: int, limit: int) -> str:
    return f"{size(used)} / {size(limit)}" if limit else size(used)


def size(count: int) -> str:
    """Return a number of bytes as people read it: `1.5 MiB`."""
    value, unit = float(count), 0
    while value >= 1024 and unit < len(_UNITS) - 1:  # noqa: PLR2004 - of binary units
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{count} B"


def _document(load: Load) -> dict[str, object]:
    usage = load.usage
    return {
        "app": str(load.app),
        "replica": load.replica,
        "state": load.state,
        "routed": load.up is not None,
        "well": load.up,
        "cpus": round(usage.cpus, 4) if usage else None,
        "memory": usage.memory if usage else None,
        "memoryLimit": usage.limit if usage else None,
        "requestsPerSecond": round(load.rate, 2),
        "errorShare": round(load.errors, 4),
        "milliseconds": round(load.milliseconds, 1),
        "open": load.open,
    }
