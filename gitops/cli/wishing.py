"""What commands that wish something of one app have in common."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from functools import update_wrapper
from typing import Any, NamedTuple, TypeVar, cast

import click

from gitops.cli import exits
from gitops.cli.deciding import Seat, read_seat
from gitops.cli.interrupting import interruptible
from gitops.cli.options import SpecOptions, app_argument, output_option, spec_options
from gitops.cli.pages.output import emit
from gitops.cli.pages.progress import failures_as_data, told
from gitops.cli.running import Wish, crew_of
from gitops.engine.reconcile import Result
from gitops.engine.wishes import Answer, Fulfilment, Petition, consider, grant
from gitops.model.address import Address
from gitops.plan.document import as_document
from gitops.plan.text import as_lines

F = TypeVar("F", bound=Callable[..., Any])


class Manner(NamedTuple):
    """How the user wants it."""

    specs: SpecOptions
    address: Address
    output: str
    wait: bool
    yes: bool
    verbose: bool


def wish_options(function: F) -> F:
    """Add the app and the options that all of these commands have; they come as `manner`."""

    def collected(
        specs: SpecOptions,
        address: Address,
        output: str,
        *,
        no_wait: bool,
        yes: bool,
        verbose: bool,
        **rest: object,
    ) -> object:
        manner = Manner(specs, address, output, not no_wait, yes, verbose)
        return function(manner=manner, **rest)

    decorated = cast("F", update_wrapper(collected, function))
    options = (
        app_argument,
        spec_options,
        output_option("text", "json", "yaml"),
        click.option("--yes", "-y", is_flag=True, help="Do not ask."),
        click.option(
            "--no-wait", is_flag=True, help="Fail at once if another run holds the lease."
        ),
        click.option("-v", "--verbose", is_flag=True, help="Show the log of every step."),
    )
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


def reason_option(*, required: bool = False) -> Callable[[F], F]:
    """Add `--reason`: what the others will read."""
    told = "Why: it is shown by `status`, `events` and `runs`."
    if required:
        return click.option("--reason", required=True, metavar="TEXT", help=told)
    return click.option("--reason", default="", metavar="TEXT", help=told)


def fulfil(manner: Manner, petition: Petition) -> int:
    """Show what a petition comes to, ask on a terminal, carry it out; return the exit code."""
    seat = read_seat(manner.specs)
    petition = petition._replace(by=seat.settings.owner)
    # A person looks after it now: what had to be mended before is not held against it.
    seat.store.mendings.lift(seat.bundle.project, manner.address)
    answer = consider(petition, seat.bundle, seat.world, seat.store)
    text = manner.output == "text"
    if answer.decision.plan.steps and text and not manner.yes and sys.stdin.isatty():
        for line in as_lines(answer.decision.plan):
            click.echo(line)
        click.confirm("Do this?", abort=True)
    return _carry_out(seat, manner, petition, answer)


def _carry_out(seat: Seat, manner: Manner, petition: Petition, answer: Answer) -> int:
    quiet = manner.output != "text"
    how = Wish("", manner.wait, allow_mass_removal=False, verbose=manner.verbose, quiet=quiet)
    crew = crew_of(seat, how, petition.command, answer.decision.inputs.secrets.values())
    with interruptible(crew.cancel), closing(crew.reporter):
        done = grant(petition, answer, crew)
    if quiet:
        emit(_document(done), manner.output)
    else:
        _show(done, petition, interrupted=crew.cancel.is_set())
    if crew.cancel.is_set():
        return exits.INTERRUPTED
    return exits.OK if _well(done) else exits.FAILED


def _well(done: Fulfilment) -> bool:
    """Say whether it is as asked for; what needed nothing to be done is, whatever else waits."""
    return done.fulfilled or (not done.answer.wish.changes and not done.result.failures)


def _show(done: Fulfilment, petition: Petition, *, interrupted: bool) -> None:
    _failures(done.result)
    if _well(done):
        click.echo(done.answer.wish.told)
    elif interrupted:
        click.echo(
            f"the wish stays, and the next run goes on with it; `gitops resume {petition.address}`"
            " takes back a rollback or a swap",
            err=True,
        )
    elif done.taken_back is None:
        click.echo(f"error: {petition.command}: not done", err=True)
    elif done.taken_back.converged:
        click.echo(
            f"error: {petition.command}: not done, and taken back: all is as it was before",
            err=True,
        )
    else:
        _failures(done.taken_back)
        click.echo(
            f"error: {petition.command}: not done, and could not be taken back;"
            " `gitops reconcile` goes on with that",
            err=True,
        )


def _failures(result: Result) -> None:
    failed = {step.address for step, _ in result.failures}
    for step, outcome in result.failures:
        click.echo(f"error: {step.address}: {told(step, outcome, 0)}", err=True)
    for address, blocked in sorted(result.decision.plan.blocked.items()):
        if address not in failed:
            click.echo(f"error: {address}: {blocked.reason}: {blocked.message}", err=True)


def _document(done: Fulfilment) -> dict[str, object]:
    return {
        "done": _well(done),
        "told": done.answer.wish.told if _well(done) else "",
        "takenBack": done.taken_back is not None,
        "failures": failures_as_data(done.result.failures),
        "plan": as_document(done.answer.decision.plan),
    }
