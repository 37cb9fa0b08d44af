"""`gitops schema`: the JSON Schema of a kind, for editors and people."""

from __future__ import annotations

import click

from gitops.model.address import KINDS
from gitops.spec.schema import schema_text


@click.command("schema")
@click.argument("kind", type=click.Choice(KINDS, case_sensitive=False))
def command(kind: str) -> None:
    """Print the JSON Schema of KIND (draft 2020-12)."""
    click.echo(schema_text(kind), nl=False)
