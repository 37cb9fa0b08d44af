"""`gitops history`: the revisions of an app that a rollback can return to."""

from __future__ import annotations

import click

from gitops.cli import exits
from gitops.cli.deciding import decide_from, read_seat
from gitops.cli.options import SpecOptions, app_argument, output_option, spec_options
from gitops.cli.pages.moments import moment
from gitops.cli.pages.output import emit
from gitops.cli.status import held_as_data
from gitops.engine.looks.spots import spot_of
from gitops.model.address import Address
from gitops.model.revisions import Revision
from gitops.plan.deploys.holds import held_since
from gitops.plan.deploys.wishes import Spot


@click.command("history")
@app_argument
@spec_options
@output_option("text", "json", "yaml")
def command(address: Address, specs: SpecOptions, output: str) -> int:
    """List the revisions of an app that served, newest first; `gitops rollback` returns to them."""
    seat = read_seat(specs)
    spot = spot_of(decide_from(seat), seat.store.history(seat.bundle.project), address)
    rows = [_row(spot, revision) for revision in spot.history]
    if output != "text":
        emit(
            {
                "app": str(address),
                "held": held_as_data(spot.hold),
                "stopped": held_as_data(spot.stopped),
                "revisions": rows,
            },
            output,
        )
    else:
        for hold in (spot.hold, spot.stopped):
            if hold is not None:
                click.echo(f"{address} is {held_since(hold)}", err=True)
        _table(rows, color=seat.settings.color)
    return exits.OK


def _row(spot: Spot, revision: Revision) -> dict[str, object]:
    hold = spot.hold
    held = hold is not None and hold.content == revision.content
    return {
        "number": revision.number,
        "since": moment(revision.since),
        "image": str(revision.content.image),
        "declared": revision.content.declared,
        "digest": revision.digest,
        "commit": revision.content.commit,
        "current": bool(spot.config) and revision == spot.current,
        "held": held,
        "failed": revision.config in spot.bad,
        "secretsChangedSince": changed(revision, spot.history),
    }


def changed(revision: Revision, history: tuple[Revision, ...]) -> list[str]:
    """Return the names of the secrets whose value the newest revision has another one of."""
    newest = history[0].secrets
    names = {*revision.secrets, *newest}
    return sorted(name for name in names if revision.secrets.get(name) != newest.get(name))


def _table(rows: list[dict[str, object]], *, color: bool) -> None:
    if not rows:
        click.echo("no revision has served yet", err=True)
        return
    from gitops.cli.pages.tables import print_table  # noqa: PLC0415 - rich: 70 ms, only for a table

    names = ("REVISION", "SINCE", "IMAGE", "DIGEST", "COMMIT", "", "SECRETS CHANGED SINCE")
    print_table(names, [_cells(row) for row in rows], color=color)


def _cells(row: dict[str, object]) -> tuple[str, ...]:
    marks = [mark for mark in ("current", "held", "failed") if row[mark]]
    secrets = row["secretsChangedSince"]
    return (
        str(row["number"]),
        str(row["since"]),
        str(row["declared"]),
        str(row["digest"]).removeprefix("sha256:")[:12],
        str(row["commit"])[:8],
        ", ".join(marks),
        ", ".join(secrets) if isinstance(secrets, list) else "",
    )
