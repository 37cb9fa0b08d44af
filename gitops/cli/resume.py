"""`gitops resume`: an app follows its spec again."""

from __future__ import annotations

import click

from gitops.cli.wishing import Manner, fulfil, reason_option, wish_options
from gitops.engine.wishes import Petition


@click.command("resume")
@wish_options
@reason_option()
def command(manner: Manner, reason: str) -> int:
    """Let an app and its slots follow their spec again after a rollback or a swap."""
    return fulfil(manner, Petition("resume", manner.address, "", reason))
