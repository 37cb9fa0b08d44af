"""`gitops restart`: an app's replicas restart, one after the other."""

from __future__ import annotations

import click

from gitops.cli.wishing import Manner, fulfil, reason_option, wish_options
from gitops.engine.wishes import Petition


@click.command("restart")
@wish_options
@reason_option()
def command(manner: Manner, reason: str) -> int:
    """Restart an app's replicas where they are, one after the other.

    Each gets no requests until it is healthy again; one that does not come back ends it. An app
    with a single replica does not answer meanwhile.
    """
    return fulfil(manner, Petition("restart", manner.address, "", reason))
