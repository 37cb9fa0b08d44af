"""`gitops run BuildTask/NAME`: runs a task of the specs now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from threading import Event
from typing import NamedTuple

import click

from gitops.cli import exits
from gitops.cli.deciding import Seat, read_seat
from gitops.cli.interrupting import interruptible
from gitops.cli.options import SpecOptions
from gitops.cli.running import waiting
from gitops.cli.tasks.by_hand_reporter import ByHandReporter
from gitops.cli.tasks.inputs import Handed, Wishes, handed
from gitops.cli.tasks.page import task_page
from gitops.cli.tasks.show import STOPPING, exit_code, show_ended
from gitops.drivers.redact import Redactor
from gitops.engine.builds.by_hand import Request, consider, rendered, run_by_hand
from gitops.engine.decide import Decision
from gitops.engine.leasing import Claim
from gitops.engine.reconcile import Crew, Result
from gitops.engine.scene import Hand
from gitops.engine.tasks.errand import UnreadableError
from gitops.model.address import Address, parse_address
from gitops.model.bundle import Bundle
from gitops.model.resources import BuildTask
from gitops.model.task_snapshots import ByHand
from gitops.plan.text import as_lines
from gitops.wiring.memory import new_lease


class TaskWish(NamedTuple):
    """What the user wants. `timeout` is seconds; empty values and none are those of the spec."""

    specs: SpecOptions
    name: str
    wishes: Wishes
    args: tuple[str, ...] = ()
    target: str = ""
    timeout: float | None = None

    @property
    def changes(self) -> bool:
        """Say whether anything is to be made with something else than the spec says."""
        return any((*self.wishes, self.args, self.target))


class _Work(NamedTuple):
    """What is asked for, of whom, with whom."""

    seat: Seat
    request: Request
    crew: Crew
    reporter: ByHandReporter


def run_task(wish: TaskWish, *, dry: bool) -> int:
    """Run the task, or with `dry` show what would be run; return the exit code."""
    seat = read_seat(wish.specs)
    address = _address(wish.name)
    task = _task(seat.bundle, address)
    _check(wish, task, address)
    given = handed(
        wish.wishes, seat.settings.environ, dict(task.steps.values if task.steps else {})
    )
    seat = seat._replace(bundle=_as_wished(seat.bundle, task, wish))
    reporter = ByHandReporter(address)
    request = Request(seat.settings.owner, _hand(address, reporter, wish, given), wish.changes)
    with closing(reporter):
        first = consider(request, seat.bundle, seat.world, seat.store)
        work = _Work(seat, request, _crew(seat, reporter, given, first), reporter)
        if dry:
            return _dry(work, first, task)
        with interruptible(work.crew.cancel, STOPPING):
            result = run_by_hand(request, first, work.crew)
    return _ended(work, result, task)


def _address(text: str) -> Address:
    try:
        return parse_address(text)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _task(bundle: Bundle, address: Address) -> BuildTask:
    name = address.name.partition("@")[0]
    found = bundle.resources.get(Address("BuildTask", name))
    if not isinstance(found, BuildTask):
        known = ", ".join(sorted(str(task.address) for task in bundle.tasks)) or "none"
        raise click.UsageError(f"there is no BuildTask/{name} in these specs; there are: {known}")
    return found


def _check(wish: TaskWish, task: BuildTask, address: Address) -> None:
    """Refuse what means nothing to such a task."""
    values, settings, secret_settings, secrets = wish.wishes
    if task.steps is None and (values or settings or secret_settings):
        raise click.UsageError(
            f"{address} builds a Dockerfile, which has no values: give --arg NAME=VALUE"
        )
    if task.steps is not None and (wish.args or wish.target):
        raise click.UsageError(
            f"{address} has steps, and --arg and --target are for a Dockerfile: give --set"
        )
    if "@pr-" in address.name and (secrets or secret_settings):
        raise click.UsageError(f"{address} is of a pull request, which gets no secrets")


def _as_wished(bundle: Bundle, task: BuildTask, wish: TaskWish) -> Bundle:
    """Return the specs with the task as it is to run this time."""
    changed = task._replace(
        args={**task.args, **dict(_args(wish.args))},
        target=wish.target or task.target,
        timeout=wish.timeout if wish.timeout is not None else task.timeout,
    )
    return bundle._replace(resources={**bundle.resources, task.address: changed})


def _args(texts: tuple[str, ...]) -> list[tuple[str, str]]:
    pairs = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise click.UsageError("--arg is followed by NAME=VALUE, as in --arg VERSION=3.13")
        pairs.append((name, value))
    return pairs


def _hand(address: Address, reporter: ByHandReporter, wish: TaskWish, given: Handed) -> Hand:
    values, settings, secret_settings, _ = wish.wishes
    own = bool(values or settings or secret_settings)
    return Hand(
        address,
        reporter.told,
        reporter.begins,
        reporter.show.screen,
        given.values if own else None,
        given.secrets,
        ByHand(kept_values(given.values) if own else "", given.references, given.unkept),
    )


def kept_values(values: Mapping[str, object]) -> str:
    """Return values as they are kept: JSON, with null for what is secret."""
    return json.dumps(values, default=lambda _secret: None)


def _crew(seat: Seat, reporter: ByHandReporter, given: Handed, first: Decision) -> Crew:
    claim = Claim(
        seat.bundle.project,
        new_lease(seat.settings, "run"),
        wait=True,
        waiting=lambda target, holder: reporter.note(waiting(target, holder)),
    )
    redact = Redactor([*first.inputs.secrets.values(), *given.hidden])
    return Crew(seat.world, seat.store, reporter, redact, claim, Event())


def _dry(work: _Work, first: Decision, task: BuildTask) -> int:
    """Print what would be run."""
    if task.steps is None:
        for line in as_lines(first.plan):
            click.echo(line)
        return exits.OK
    try:
        found = rendered(work.request, first, work.crew)
    except UnreadableError as error:
        click.echo(work.crew.redact(str(error)), err=True)
        return exits.USAGE
    click.echo(work.crew.redact(task_page(found)), nl=False)
    return exits.OK


def _ended(work: _Work, result: Result, task: BuildTask) -> int:
    book = work.seat.store.task_runs
    record = book.find(work.reporter.run) if work.reporter.run else None
    interrupted = work.crew.cancel.is_set()
    if record is None:
        click.echo(f"error: {work.request.task} did not run", err=True)
        return exits.INTERRUPTED if interrupted else exits.FAILED
    show_ended(record, book.images(record.id))
    code = exit_code(record.status, interrupted=interrupted)
    tags = task.repository is not None and (task.latest or task.tags)
    if code == exits.OK and work.request.altered and tags:
        click.echo("no tag follows it: it was not made as the spec says", err=True)
    return exits.FAILED if code == exits.OK and result.failures else code
