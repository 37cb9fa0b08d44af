"""`gitops plan`: what would be done, and why."""

from __future__ import annotations

from pathlib import Path

import click

from gitops.cli import exits
from gitops.cli.deciding import decide_from, read_seat
from gitops.cli.options import SpecOptions, output_option, spec_options
from gitops.cli.pages.output import emit
from gitops.model.plan import Plan
from gitops.plan.document import as_document, as_json
from gitops.plan.text import as_text


@click.command("plan")
@spec_options
@output_option("text", "json", "yaml")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write the plan to a file, for `reconcile --plan FILE` to carry out exactly.",
)
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 0 (in sync), 2 (changes) or 1 (error)."
)
@click.option("--allow-mass-removal", is_flag=True, help="Plan the removal of many apps, or all.")
def command(
    specs: SpecOptions,
    output: str,
    out: Path | None,
    *,
    detailed_exitcode: bool,
    allow_mass_removal: bool,
) -> int:
    """Show what would be done, and why; change nothing."""
    seat = read_seat(specs)
    plan = decide_from(seat, allow_mass_removal=allow_mass_removal).plan
    if out is not None:
        out.write_text(as_json(as_document(plan)))
    if output == "text":
        click.echo(as_text(plan), nl=False)
    else:
        emit(as_document(plan), output)
    return exit_code(plan, detailed=detailed_exitcode)


def exit_code(plan: Plan, *, detailed: bool) -> int:
    """Return 1 when something stands in the way that no step of the plan mends."""
    fatal = any(blocked.fatal for blocked in plan.blocked.values())
    if plan.refused or fatal or (plan.blocked and not plan.steps):
        return exits.FAILED
    return exits.CHANGES if detailed and plan.steps else exits.OK
