"""`gitops validate`: says whether the specs are right."""

from __future__ import annotations

import json

import click

from gitops.cli import exits
from gitops.cli.loading import read, show
from gitops.cli.options import SpecOptions, output_option, spec_options
from gitops.cli.pages.output import emit
from gitops.model.diagnostics import Severity


@click.command("validate")
@spec_options
@output_option("text", "json", "yaml", "github")
@click.option("-v", "--verbose", is_flag=True, help="Also say which documents were passed over.")
def command(specs: SpecOptions, output: str, *, verbose: bool) -> int:
    """Check specs without looking at anything else."""
    loaded = read(specs)
    if output == "text":
        show(loaded.diagnostics, verbose=verbose)
        if loaded.bundle is not None:
            files = sum(1 for file in loaded.files if file.endswith((".yaml", ".yml", ".j2")))
            click.echo(f"{_count(loaded.documents, 'document')} in {_count(files, 'file')}: valid")
    else:
        from gitops.spec.report import as_github, as_json  # noqa: PLC0415 - only for these forms

        kept = [
            found for found in loaded.diagnostics if verbose or found.severity is not Severity.NOTE
        ]
        if output == "yaml":
            emit(json.loads(as_json(kept)), output)
        else:
            click.echo(as_json(kept) if output == "json" else as_github(kept), nl=False)
    return exits.OK if loaded.bundle is not None else exits.FAILED


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" + ("" if number == 1 else "s")
