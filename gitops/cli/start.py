"""`gitops start`: a stopped app runs again."""

from __future__ import annotations

import click

from gitops.cli.wishing import Manner, fulfil, reason_option, wish_options
from gitops.engine.wishes import Petition


@click.command("start")
@wish_options
@reason_option()
def command(manner: Manner, reason: str) -> int:
    """Let an app that was stopped run again, as its spec or a rollback says."""
    return fulfil(manner, Petition("start", manner.address, "", reason))
