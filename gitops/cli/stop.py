"""`gitops stop`: an app does not run until it is started."""

from __future__ import annotations

import click

from gitops.cli.wishing import Manner, fulfil, reason_option, wish_options
from gitops.engine.wishes import Petition


@click.command("stop")
@wish_options
@reason_option()
def command(manner: Manner, reason: str) -> int:
    """Stop an app until `gitops start`; volumes are kept, and its slots run on."""
    return fulfil(manner, Petition("stop", manner.address, "", reason))
