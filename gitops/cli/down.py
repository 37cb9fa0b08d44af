"""`gitops down`: the orderly end of a project."""

from __future__ import annotations

import sys
from contextlib import closing

import click

from gitops.cli import exits
from gitops.cli.deciding import take_seat
from gitops.cli.interrupting import interruptible
from gitops.cli.loading import read_bundle, settings
from gitops.cli.options import SpecOptions, output_option, spec_options
from gitops.cli.pages.output import emit
from gitops.cli.pages.progress import failures_as_data, told
from gitops.cli.running import Wish, crew_of
from gitops.engine.teardown import carry_out_teardown, decide_teardown
from gitops.model.outcomes import Outcome
from gitops.model.plan import Step
from gitops.plan.document import as_document
from gitops.plan.text import as_lines


@click.command("down")
@spec_options
@output_option("text", "json", "yaml")
@click.option("--volumes", is_flag=True, help="Also remove volumes, and what is in them.")
@click.option("--no-wait", is_flag=True, help="Fail at once if another run holds the lease.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be removed, and remove nothing.")
def command(
    specs: SpecOptions, output: str, *, volumes: bool, no_wait: bool, yes: bool, dry_run: bool
) -> int:
    """Remove what the project owns: containers and the network; volumes if asked for."""
    seat = take_seat(read_bundle(specs), settings())
    plan = decide_teardown(seat.bundle, seat.world, volumes=volumes).plan
    text = output == "text"
    for line in as_lines(plan) if text else ():
        click.echo(line)
    failures: tuple[tuple[Step, Outcome], ...] = ()
    if plan.steps and not dry_run:
        if text and not yes and sys.stdin.isatty():
            click.confirm("Remove all this?", abort=True)
        wish = Wish("", wait=not no_wait, allow_mass_removal=True, verbose=False, quiet=not text)
        crew = crew_of(seat, wish, "down", ())
        with interruptible(crew.cancel), closing(crew.reporter):
            failures = carry_out_teardown(seat.bundle, crew, volumes=volumes)
    for step, outcome in failures:
        click.echo(f"error: {step.address}: {told(step, outcome, 0)}", err=True)
    if not text:
        emit({"plan": as_document(plan), "failures": failures_as_data(failures)}, output)
    return exits.FAILED if failures or plan.blocked else exits.OK
