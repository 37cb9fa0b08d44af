"""`gitops rollback`: an app returns to an earlier revision, and stays there."""

from __future__ import annotations

import click

from gitops.cli.wishing import Manner, fulfil, reason_option, wish_options
from gitops.engine.wishes import Petition


@click.command("rollback")
@wish_options
@click.option(
    "--to",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="The revision, as `gitops history` numbers it.  [default: the one before this]",
)
@reason_option(required=True)
def command(manner: Manner, to: int | None, reason: str) -> int:
    """Return an app to an earlier revision, and keep it there.

    Reconcile, drift repair and new images leave it alone until `gitops resume`, or until its spec
    changes. If the revision does not become healthy, all stays as it is.
    """
    return fulfil(manner, Petition("rollback", manner.address, "", reason, revision=to or 0))
