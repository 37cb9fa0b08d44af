"""`gitops swap`: an app and one of its slots change contents."""

from __future__ import annotations

import click

from gitops.cli.wishing import Manner, fulfil, reason_option, wish_options
from gitops.engine.wishes import Petition


@click.command("swap")
@wish_options
@click.argument("slot")
@reason_option()
def command(manner: Manner, slot: str, reason: str) -> int:
    """Let an app and its slot SLOT change contents, with one switch of the gateway.

    Sticky settings stay where they are. It holds until the next swap, which is the way back,
    `gitops resume`, or a changed spec. If one side does not become healthy, both stay as they are.
    """
    return fulfil(manner, Petition("swap", manner.address, "", reason, slot=slot))
