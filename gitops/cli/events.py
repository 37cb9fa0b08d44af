"""`gitops events`: what happened to resources."""

from __future__ import annotations

import time

import click

from gitops.cli.loading import entry_of, settings
from gitops.cli.options import SpecOptions, address_option, output_option, spec_options
from gitops.cli.pages.moments import moment
from gitops.cli.pages.output import emit
from gitops.model.address import Address
from gitops.model.records import EventRecord
from gitops.wiring.memory import open_store

_POLL = 0.5


@click.command("events")
@spec_options
@output_option("text", "json", "yaml")
@address_option("--for", "address", help="Only those of one resource.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="NUMBER",
    help="How many of the latest.",
)
@click.option("--watch", "-w", is_flag=True, help="Go on and print events as they happen.")
def command(
    specs: SpecOptions, output: str, address: Address | None, limit: int, *, watch: bool
) -> None:
    """List what happened to resources, the latest last."""
    project = entry_of(specs).project
    store = open_store(project, settings())
    found = store.events.list(project, address, limit=limit)
    if output != "text":
        emit([_document(event) for event in found], output)
        return
    for event in found:
        click.echo(_line(event))
    last = max((event.id for event in found), default=0)
    while watch:
        for event in store.events.follow(project, last, address):
            click.echo(_line(event))
            last = event.id
        time.sleep(_POLL)


def _line(event: EventRecord) -> str:
    times = f" (x{event.times})" if event.times > 1 else ""
    message = event.message.replace("\n", "\n    ")
    return f"{moment(event.last)} {event.type:7} {event.address} {event.reason}: {message}{times}"


def _document(event: EventRecord) -> dict[str, object]:
    return {
        "id": event.id,
        "resource": str(event.address),
        "type": str(event.type),
        "reason": event.reason,
        "message": event.message,
        "times": event.times,
        "first": moment(event.first),
        "last": moment(event.last),
        "run": event.run,
    }
