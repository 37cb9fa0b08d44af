"""Carries a decision out in front of a person or a CI job."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import closing, suppress
from threading import Event
from typing import NamedTuple

import click

from gitops.cli import exits
from gitops.cli.deciding import Seat
from gitops.cli.failures import since
from gitops.cli.interrupting import interruptible
from gitops.cli.pages.output import emit
from gitops.cli.pages.progress import PlainReporter, failures_as_data, told
from gitops.drivers.redact import Redactor
from gitops.engine.decide import Decision
from gitops.engine.leasing import Claim
from gitops.engine.ports import Reporter
from gitops.engine.reconcile import Crew, Order, Result, reconcile
from gitops.engine.reports.status import statuses
from gitops.model.lease import Lease
from gitops.model.secret import Secret
from gitops.plan.document import as_document
from gitops.plan.text import as_lines
from gitops.wiring.memory import new_lease


class Wish(NamedTuple):
    """How the user wants it."""

    expected: str
    wait: bool
    allow_mass_removal: bool
    verbose: bool
    quiet: bool


def run(seat: Seat, first: Decision, wish: Wish, output: str) -> int:
    """Carry out `first`, show what happens, and return the exit code."""
    crew = crew_of(seat, wish, "reconcile", first.inputs.secrets.values())
    cancel = crew.cancel
    order = Order("reconcile", "reconcile", wish.allow_mass_removal, wish.expected)
    with suppress(BrokenPipeError):  # a reader that has gone changes nothing of what was done
        with closing(crew.reporter), interruptible(cancel):
            result = reconcile(seat.bundle, first, crew, order)
        _show(result, output)
    if cancel.is_set():
        return exits.INTERRUPTED
    return exits.OK if result.converged else exits.FAILED


def crew_of(seat: Seat, wish: Wish, reason: str, secrets: Iterable[Secret]) -> Crew:
    """Return who takes part in a run of this command."""
    reporter = reporter_for(seat, wish)
    claim = Claim(
        seat.bundle.project,
        new_lease(seat.settings, reason),
        wish.wait,
        lambda target, holder: reporter.note(waiting(target, holder)),
    )
    return Crew(seat.world, seat.store, reporter, Redactor(secrets), claim, Event())


def reporter_for(seat: Seat, wish: Wish) -> Reporter:
    """Return what shows the run: live on a terminal, plain lines elsewhere."""
    if wish.quiet or wish.verbose or not sys.stdout.isatty():
        return PlainReporter(quiet=wish.quiet)
    from gitops.cli.pages.live import LiveReporter  # noqa: PLC0415 - rich: 70 ms, terminals only

    return LiveReporter(color=seat.settings.color)


def waiting(target: str, holder: Lease) -> str:
    """Say for whom a run waits."""
    return f"waiting: target {target} is held by {holder} since {since(holder)}"


def _show(result: Result, output: str) -> None:
    plan = result.decision.plan
    if output != "text":
        failures = failures_as_data(result.failures)
        document = {"converged": result.converged, "failures": failures, "plan": as_document(plan)}
        emit(document, output)
        return
    if result.moved:
        click.echo(
            "error: the world has moved since the plan was made, so it was not carried out;"
            " make a new one (this is what it would be):",
            err=True,
        )
    for line in as_lines(plan):
        click.echo(line)
    for step, outcome in result.failures:
        click.echo(f"error: {step.address}: {told(step, outcome, 0)}", err=True)
    for status in statuses(result.decision) if result.converged else ():
        if status.url:
            click.echo(f"{status.address} answers at {status.url}")
    click.echo("converged" if result.converged else "not converged")
