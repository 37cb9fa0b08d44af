"""`gitops why`: one page about a resource that is not as it should be."""

from __future__ import annotations

import click

from gitops.cli import exits
from gitops.cli.deciding import Seat, decide_from, read_seat
from gitops.cli.finding import declared
from gitops.cli.options import SpecOptions, output_option, spec_options
from gitops.cli.pages.moments import moment
from gitops.cli.pages.output import emit
from gitops.cli.pages.why import page
from gitops.cli.status import held_as_data
from gitops.drivers.redact import Redactor
from gitops.engine.deploys import memory_kills
from gitops.engine.looks.glimpses import look_at
from gitops.engine.reports.why import Past, culprit, explain
from gitops.model.address import Address, parse_address
from gitops.model.conditions import Truth
from gitops.model.explanation import Explanation, Failure, Running
from gitops.model.records import EventRecord

_LINES = 10
_DAY = 86400.0


def _address(_context: click.Context, _parameter: click.Parameter, text: str) -> Address:
    try:
        return parse_address(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command("why")
@click.argument("address", metavar="KIND/NAME", callback=_address)
@spec_options
@output_option("text", "json", "yaml")
def command(address: Address, specs: SpecOptions, output: str) -> int:
    """Say why a resource is not ready, since when, and what to do; exit with 0 when it is.

    KIND/NAME is WebApp/NAME, a slot as WebApp/NAME-SLOT, BuildTask/NAME, or any other resource.
    """
    seat = read_seat(specs)
    decision = decide_from(seat)
    redact = Redactor(decision.inputs.secrets.values())
    looks = look_at(decision, seat.world, address, redact)
    past = _past(seat, culprit(decision, address))._replace(killed=_killed(seat, address))
    found = explain(decision, address, past, looks)
    if found is None:
        declared(seat.bundle, address)
        raise click.UsageError(f"nothing is known of {address}")
    if output == "text":
        click.echo(page(found, seat.world.clock(), color=seat.settings.color), nl=False)
    else:
        emit(_document(found), output)
    return exits.OK if found.ready.status is Truth.TRUE else exits.FAILED


def _past(seat: Seat, address: Address) -> Past:
    store, project = seat.store, seat.bundle.project
    step = store.runs.last_failure(project, address)
    log = store.runs.log(step.run, step.number)[-_LINES:] if step is not None else ()
    return Past(
        failure=step,
        log=tuple(line.line for line in log),
        quarantines=store.holds.list(project, address),
        known=store.exists,
    )


def _killed(seat: Seat, address: Address) -> EventRecord | None:
    """Return the last time that a container of it was killed for its memory, within a day."""
    since = seat.world.clock() - _DAY
    events = seat.store.events.list(seat.bundle.project, address, since)
    return next((one for one in reversed(events) if one.reason == memory_kills.REASON), None)


def _document(found: Explanation) -> dict[str, object]:
    return {
        "kind": found.address.kind,
        "name": found.address.name,
        "ready": str(found.ready.status),
        "reason": found.ready.reason,
        "message": found.ready.message,
        "since": _when(found.since),
        "url": found.url,
        "wanted": {
            "image": found.wanted,
            "commit": found.commit,
            "replicas": found.replicas,
        },
        "running": [_container(one) for one in found.running],
        "held": held_as_data(found.held),
        "nextStep": found.next_step,
        "lastFailure": _failure(found.failure) if found.failure is not None else None,
        "memoryKill": _kill(found.killed) if found.killed is not None else None,
        "whatToDo": list(found.todo),
        "remembered": found.remembered,
    }


def _container(one: Running) -> dict[str, object]:
    return {
        "name": one.name,
        "state": one.state,
        "status": one.status,
        "revision": one.revision,
        "routed": one.routed,
        "gateway": one.gateway,
        "restarts": one.restarts if one.restarts >= 0 else None,
        "cause": one.cause,
        "log": list(one.log) if one.cause else [],
    }


def _failure(failure: Failure) -> dict[str, object]:
    return {
        "time": _when(failure.time),
        "run": failure.run,
        "step": failure.step or None,
        "action": failure.action,
        "what": failure.what,
        "cause": failure.cause,
        "whatToDo": failure.todo,
        "answer": failure.answer,
        "exitCode": int(failure.exit_code) if failure.exit_code else None,
        "facts": list(failure.facts),
        "log": list(failure.log),
    }


def _kill(killed: EventRecord) -> dict[str, object]:
    return {"time": _when(killed.last), "times": killed.times, "message": killed.message}


def _when(seconds: float) -> str:
    return moment(seconds or None)
