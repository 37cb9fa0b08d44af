"""`gitops reconcile`: make the world match the specs, once."""

from __future__ import annotations

from pathlib import Path

import click

from gitops.cli import exits
from gitops.cli.deciding import Seat, decide_from, read_seat
from gitops.cli.options import SpecOptions, output_option, spec_options
from gitops.cli.pages.output import emit
from gitops.engine.decide import Decision
from gitops.model.address import Address, parse_address
from gitops.plan.document import as_document
from gitops.plan.text import as_text


@click.command("reconcile")
@spec_options
@output_option("text", "json", "yaml")
@click.option(
    "--plan",
    "saved",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Carry out exactly this plan of `plan --out`; refuse if the world has moved.",
)
@click.option(
    "--once", is_flag=True, help="Reconcile one time and end; this is what it does anyway."
)
@click.option("--no-wait", is_flag=True, help="Fail at once if another run holds the lease.")
@click.option(
    "--retry",
    metavar="KIND/NAME",
    multiple=True,
    help="Forget that these inputs failed before, and try them again; repeatable.",
)
@click.option("--allow-mass-removal", is_flag=True, help="Remove many apps, or all, if so planned.")
@click.option("-v", "--verbose", is_flag=True, help="Show the log of every step on a terminal too.")
def command(  # noqa: PLR0913 - one parameter for each option
    specs: SpecOptions,
    output: str,
    saved: Path | None,
    retry: tuple[str, ...],
    *,
    once: bool,  # noqa: ARG001 - the name of what it does
    no_wait: bool,
    allow_mass_removal: bool,
    verbose: bool,
) -> int:
    """Make the world match the specs, once; exit with 0 only when it does."""
    seat = read_seat(specs)
    _lift(seat, retry)
    first = decide_from(seat, allow_mass_removal=allow_mass_removal)
    if saved or (first.plan.steps and not first.plan.refused):
        from gitops.cli.running import Wish, run  # noqa: PLC0415 - only when there is work

        wish = Wish(
            expected=saved.read_text() if saved else "",
            wait=not no_wait,
            allow_mass_removal=allow_mass_removal,
            verbose=verbose,
            quiet=output != "text",
        )
        return run(seat, first, wish, output)
    return _nothing_to_do(first, output)


def _nothing_to_do(decision: Decision, output: str) -> int:
    """Say of every resource how it is."""
    plan = decision.plan
    if output == "text":
        click.echo(as_text(plan), nl=False)
    else:
        emit({"converged": plan.converged, "failures": [], "plan": as_document(plan)}, output)
    return exits.OK if plan.converged else exits.FAILED


def _lift(seat: Seat, retry: tuple[str, ...]) -> None:
    if retry:
        seat.store.mendings.lift(seat.bundle.project)
    for address in map(_address, retry):
        lifted = seat.store.holds.lift(seat.bundle.project, address)
        if not lifted:
            click.echo(f"{address} has no failed inputs to forget", err=True)


def _address(text: str) -> Address:
    try:
        return parse_address(text)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
