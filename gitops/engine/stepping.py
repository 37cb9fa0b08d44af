"""Multi-step tasks of the specs: run from their source, and named by what they were made from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

from gitops.drivers.base import BuildContext, DriverError, ErrorKind, RunMark
from gitops.engine.attesting import Making, NotAttestedError, attest, attested
from gitops.engine.building import Recipe, recipe_of, snapshot_of
from gitops.engine.scene import Desk, Scene
from gitops.engine.tasks.errand import Errand, Office, Report, UnreadableError, carry_out
from gitops.engine.tasks.names import shared_volume
from gitops.engine.tasks.stage import Allowed, Inputs, Limits, Records, RunContext, Stage, Work
from gitops.engine.tasks.stopping import StopFlag
from gitops.model.actions import RunTask
from gitops.model.diagnostics import has_errors
from gitops.model.image import ImageRef, registry_of
from gitops.model.outcomes import Done, Outcome, Retry, Stalled, Superseded
from gitops.model.secret import Secret
from gitops.model.task_runs import RunStatus, RunType
from gitops.model.tasks import RunFacts, Task
from gitops.model.wanted import WantedImage
from gitops.plan.reasons import urgent


class _Job(NamedTuple):
    """One run: what is run, of which source, for which image."""

    scene: Scene
    action: RunTask
    recipe: Recipe
    desk: Desk

    @property
    def image(self) -> WantedImage:
        """The image that is wanted of it."""
        return self.action.image

    @property
    def secrets(self) -> dict[str, Secret]:
        """What its templates and builds may use: for a pull request, nothing."""
        if self.image.pull:
            return {}
        known = self.scene.inputs.secrets
        return {name: known[ref] for name, ref in self.recipe.task.secrets.items()}


def run_steps(scene: Scene, action: RunTask, desk: Desk) -> Outcome:
    """Run a task to its end; the image that it pushed to its repository gets its exact name."""
    recipe = recipe_of(scene, action.image)
    if recipe is None:
        return Retry(f"{action.image.task} or its source is gone", "run again to make a new plan")
    job = _Job(scene, action, recipe, desk)
    registrar = scene.runs.registrar
    new = scene.runs.wanted(snapshot_of(recipe, action.image), action.causes, RunType.AUTO_RUN)
    errand = Errand(new, lambda run: _read(job, run), _opener(job), int(urgent(action.causes)))
    site = scene.world.sites[action.target]
    office = Office(
        registrar.book,
        registrar.queue,
        registrar.clock,
        lambda run, why: desk.output(f"run {run}{f': {why}' if why else ''}"),
        lambda: scene.world.tools.sweep(site.tasks()),
    )
    report = carry_out(errand, office, desk.cancel)
    return _outcome(job, report)


def _outcome(job: _Job, report: Report) -> Outcome:
    run, result = report.run.id, report.result
    see = f"`gitops logs {run}` has its whole log"
    match result.status:
        case RunStatus.SUCCEEDED:
            return _named(job, report)
        case RunStatus.CANCELED if job.desk.cancel.is_set():
            return Superseded()
        case RunStatus.CANCELED | RunStatus.FAILED:
            return Stalled(f"run {run}: {result.message}", see, quarantine=True)
        case _:
            return Retry(f"run {run}: {result.message}", see)


def _named(job: _Job, report: Report) -> Outcome:
    """Give the image the name that its inputs give it, so that nobody makes it again."""
    wanted, run, result = job.image.ref, report.run.id, report.result
    host, path = registry_of(wanted.repository)
    mine = [one for one in result.images if (one.registry, one.repository) == (host, path)]
    if not mine:
        pushed = ", ".join(f"{one.registry}/{one.repository}" for one in result.images)
        return Stalled(
            f"run {run} pushed nothing to {wanted.repository}",
            f"it pushed to {pushed or 'no repository'}: a push step has to name it",
            quarantine=True,
        )
    made = ImageRef(wanted.repository, mine[-1].tag)
    try:
        _attest(job, report, mine[-1].digest)
    except NotAttestedError as error:
        return Retry(error.what, error.detail)
    job.scene.world.registries.retag(made, wanted.tag)
    job.scene.board.pushed(wanted, mine[-1].digest)
    return Done(f"run {run} pushed {made}")


def _attest(job: _Job, report: Report, digest: str) -> None:
    """Attach what the task asks for, before the image has the name that says that all is done."""
    snapshot, run = snapshot_of(job.recipe, job.image), report.run
    if attested(snapshot):
        began, ended = run.started or run.created, run.ended or run.created
        attester = job.scene.world.sites[job.action.target].attester()
        attest(attester, Making(run.id, snapshot, began, ended), digest, job.desk.output)


def _read(job: _Job, run: str) -> Task:
    """Return the task with its templates rendered for this run."""
    from gitops.spec.tasks import (  # noqa: PLC0415 - 120 ms, for multi-step tasks only
        FetchError,
        Given,
        TaskText,
        read_task,
    )

    def fetch(name: str) -> str:
        raise FetchError(f"{name} cannot be read here: write its aliases into the task file")

    steps = job.recipe.task.steps
    if steps is None:
        raise TypeError(f"{job.image.owner} has no steps")
    given = Given(_facts(job, run), steps.values, job.secrets, job.scene.world.clock())
    text = TaskText(steps.text or job.recipe.source.recipe, steps.file or "steps")
    task, found = read_task(text, given, fetch)
    if task is None or has_errors(found):
        raise UnreadableError("\n".join(map(str, found)))
    missing = [need.id for need in task.secrets if need.id not in given.secrets]
    if missing:
        why = "a pull request gets none" if job.image.pull else "name it in the task's `secrets`"
        raise UnreadableError(f"the secret {missing[0]!r} is not given: {why}")
    return task


def _facts(job: _Job, run: str) -> RunFacts:
    source, image = job.recipe.source, job.image
    server = registry_of(image.ref.repository)[0]
    moment = datetime.fromtimestamp(job.scene.world.clock(), UTC)
    return RunFacts(
        id=run,
        registry=server,
        registry_name=image.registry.name,
        date=moment.strftime("%Y%m%d-%H%M%Sz"),
        commit=source.commit,
        branch=source.branch,
        git_tag=source.tag,
        repository=source.url,
        task_name=image.owner.name,
        triggered_by=job.action.causes[0].kind.value if job.action.causes else "",
        shared_volume=shared_volume(run),
    )


def _opener(job: _Job) -> Callable[[str, StopFlag], AbstractContextManager[Stage]]:
    @contextmanager
    def opened(run: str, flag: StopFlag) -> Iterator[Stage]:
        scene, task = job.scene, job.recipe.task
        registrar, tools = scene.runs.registrar, scene.world.tools
        site = scene.world.sites[job.action.target]
        secrets = scene.inputs.secrets
        with (
            tools.files(task, job.recipe.source, secrets) as files,
            closing(registrar.book.log(run)) as log,
        ):
            remote = _no_remote if job.image.pull else tools.remote
            records = Records(registrar.book, log, registrar.redact, _show(job.desk), time.time)
            yield Stage(
                RunMark(run, registrar.project, registrar.lease.host, registrar.lease.process),
                Work(site.tasks(), site.builder, remote, tools.workspace),
                records,
                flag,
                _inputs(job, files),
                _allowed(job),
                Limits(task.timeout, task.resources.cpus, task.resources.memory),
            )

    return opened


def _inputs(job: _Job, files: RunContext) -> Inputs:
    server = registry_of(job.image.ref.repository)[0]
    return Inputs(files, server, job.secrets, job.image.date, job.image.owner.name)


def _show(desk: Desk) -> Callable[[str, str], None]:
    """Show what the run says of itself; what its steps print is in its own log."""

    def show(step: str, text: str) -> None:
        if not step:
            for line in text.splitlines():
                desk.output(line)

    return show


def _allowed(job: _Job) -> Allowed:
    """Return what the run may do; one of a pull request may push under its own tags alone."""
    steps, image = job.recipe.task.steps, job.image
    if not image.pull:
        return Allowed(socket=steps is not None and steps.docker_socket)
    own = f"{image.ref.repository}:pr-{image.pull}"
    return Allowed(lambda name: name == own or name.startswith(f"{own}-"), isolated=True)


@contextmanager
def _no_remote(url: str, _dockerfile: str) -> Iterator[BuildContext]:
    raise DriverError(ErrorKind.DENIED, f"a pull request may not build from {url}")
    yield  # pragma: no cover - makes it a generator
