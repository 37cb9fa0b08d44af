"""`gitops status`: how each resource is."""

from __future__ import annotations

import sys

import click

from gitops.cli import exits
from gitops.cli.deciding import decide_from, read_seat
from gitops.cli.options import SpecOptions, output_option, spec_options
from gitops.cli.pages.moments import moment
from gitops.cli.pages.output import emit
from gitops.engine.decide import Decision
from gitops.engine.reports.status import statuses
from gitops.model.conditions import Status, Truth
from gitops.model.revisions import Hold


@click.command("status")
@spec_options
@output_option("text", "json", "yaml")
def command(specs: SpecOptions, output: str) -> int:
    """Show how each resource is, and why it is not ready; exit with 0 when all are."""
    seat = read_seat(specs)
    decision = decide_from(seat)
    found = statuses(decision)
    if output == "text":
        _table(found, color=seat.settings.color)
    else:
        emit([_document(decision, status) for status in found], output)
    ready = all(one.ready.status is Truth.TRUE or one.address.of_stranger for one in found)
    return exits.OK if ready else exits.FAILED


def _table(found: tuple[Status, ...], *, color: bool) -> None:
    from rich.console import Console  # noqa: PLC0415 - 70 ms, only for a table
    from rich.markup import escape  # noqa: PLC0415 - the same
    from rich.table import Table  # noqa: PLC0415 - the same

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("RESOURCE", "READY", "WANTED", "RUNNING", "REASON", "MESSAGE"):
        table.add_column(name, overflow="fold", no_wrap=name in ("RESOURCE", "READY"))
    styles = {Truth.TRUE: "green", Truth.FALSE: "red", Truth.UNKNOWN: "yellow"}
    for status in found:
        ready = status.ready
        message = ready.message.partition("\n")[0]  # `gitops why` tells the rest
        told = escape(f"{message}  {status.url}" if status.url else message)
        table.add_row(
            str(status.address),
            f"[{styles[ready.status]}]{ready.status}[/]",
            status.wanted,
            status.running,
            ready.reason,
            told,
        )
    console = Console(no_color=not color, highlight=False, markup=True)
    if not sys.stdout.isatty():
        console.width = 10_000
    console.print(table)


def _document(decision: Decision, status: Status) -> dict[str, object]:
    resource = decision.bundle.resources.get(status.address)
    return {
        "kind": status.address.kind,
        "name": status.address.name,
        "labels": dict(resource.metadata.labels) if resource else {},
        "annotations": dict(resource.metadata.annotations) if resource else {},
        "wanted": status.wanted,
        "running": status.running,
        "url": status.url,
        "held": held_as_data(status.held),
        "conditions": [
            {
                "type": condition.type,
                "status": str(condition.status),
                "reason": condition.reason,
                "message": condition.message,
            }
            for condition in status.conditions
        ],
    }


def held_as_data(hold: Hold | None) -> dict[str, object] | None:
    """Return a hold as plain data, for JSON and YAML; none where the app follows its spec."""
    if hold is None:
        return None
    return {
        "kind": hold.kind,
        "by": hold.by,
        "reason": hold.reason,
        "since": moment(hold.since),
        "revision": hold.revision,
        "slot": hold.slot,
    }
