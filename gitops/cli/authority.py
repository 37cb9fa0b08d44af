"""`gitops authority`: the certificate by which users trust the project's own authority."""

from __future__ import annotations

import click

from gitops.cli import exits
from gitops.cli.deciding import take_seat
from gitops.cli.loading import read_bundle, settings
from gitops.cli.options import SpecOptions, spec_options
from gitops.engine.deploys.certifying import vault
from gitops.model.bundle import Bundle
from gitops.model.resources import Target


@click.command("authority")
@click.argument("target", default="")
@spec_options
def command(specs: SpecOptions, target: str) -> int:
    """Print the certificate (PEM) of the project's own authority, which is made at first use."""
    seat = take_seat(read_bundle(specs), settings())
    chosen = _target(seat.bundle, target)
    site = seat.world.sites[chosen.address.name]
    pem = site.certificates().authority(vault(seat.bundle.project, site, chosen))
    click.echo(pem, nl=False)
    return exits.OK


def _target(bundle: Bundle, name: str) -> Target:
    """Return the target of that name (`edge` or `Target/edge`), or the only one."""
    wanted = name.removeprefix("Target/")
    found = [one for one in bundle.targets if wanted in ("", one.address.name)]
    if len(found) != 1:
        names = ", ".join(one.address.name for one in bundle.targets)
        raise click.UsageError(f"name one of the targets: {names}")
    return found[0]
