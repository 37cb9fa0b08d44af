"""Multi-step tasks of the specs: run from their source, and named by what they were made from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from typing import NamedTuple

from gitops.drivers.base import Cancel, DriverError, ErrorKind, ReadContext, RunMark
from gitops.engine.builds.attesting import Making, NotAttestedError, attest, attested
from gitops.engine.builds.building import called_off, recipe_of, snapshot_of
from gitops.engine.builds.pinning import base_digests
from gitops.engine.builds.step_texts import Job, server_of, task_of_run
from gitops.engine.builds.strangers import MOST_PROCESSES, CappedLog, check_size
from gitops.engine.reports.failures import run_text
from gitops.engine.reports.last_lines import LastLines
from gitops.engine.scene import Desk, Scene
from gitops.engine.tasks.errand import Errand, Office, Report, carry_out
from gitops.engine.tasks.stage import (
    Allowed,
    Inputs,
    Limits,
    Records,
    RunContext,
    Screen,
    Stage,
    Work,
)
from gitops.engine.tasks.states import Result
from gitops.engine.tasks.stopping import StopFlag
from gitops.model.actions import RunTask
from gitops.model.image import ImageRef, registry_of
from gitops.model.outcomes import Done, Outcome, Retry, Stalled, Superseded
from gitops.model.task_runs import RunStatus, RunType, StepStatus
from gitops.model.tasks import Task
from gitops.plan.builds.reasons import urgent

_QUOTED = 20
"""Lines of a failed step's log that are told with its failure."""


class Said(NamedTuple):
    """What a run leaves behind for whoever began it: its files, and the end of each step's log."""

    files: list[RunContext]
    ends: dict[str, LastLines]


def run_steps(scene: Scene, action: RunTask, desk: Desk) -> Outcome:
    """Run a task to its end; the image that it pushed to its repository gets its exact name."""
    recipe = recipe_of(scene, action.image)
    if recipe is None:
        return Retry(f"{action.image.task} or its source is gone", "run again to make a new plan")
    job, said = Job(scene, action, recipe, desk), Said([], {})
    kind = RunType.AUTO_RUN if job.hand is None else RunType.QUICK_RUN
    new = scene.runs.wanted(snapshot_of(scene, recipe, action.image), action.causes, kind)
    errand = Errand(new, partial(_read, job, said), _opener(job, said), urgent(action.causes))
    return _outcome(job, carry_out(errand, _office(job), desk.cancel), said)


def _office(job: Job) -> Office:
    registrar, world = job.scene.runs.registrar, job.scene.world
    site = world.sites[job.action.target]

    def told(run: str, why: str) -> None:
        job.desk.output(f"run {run}{f': {why}' if why else ''}")

    return Office(
        registrar.book,
        registrar.queue,
        registrar.clock,
        told if job.hand is None else job.hand.told,
        lambda: world.tools.sweep(site.tasks(), registrar.book),
    )


def _read(job: Job, said: Said, run: str) -> Task:
    """Return the task, with the files of its source, which are there by now, for its aliases."""
    task = task_of_run(job, run, said.files[0].read)
    if job.image.pull:
        check_size(task)
    if job.hand is not None:
        job.hand.begins(task)
    return task


def _outcome(job: Job, report: Report, said: Said) -> Outcome:
    run, result = report.run.id, report.result
    see = run_text(f"`gitops logs {run}` has the whole log", _end_of_log(result, said))
    if not result.steps:
        see = ""  # no step has begun: there is no log
    match result.status:
        case RunStatus.SUCCEEDED:
            return _named(job, report)
        case RunStatus.CANCELED if job.desk.cancel.is_set():
            return Superseded()
        case RunStatus.CANCELED:
            return called_off(run, result.message)
        case RunStatus.TIMEOUT if job.image.pull:
            # A stranger does not get the whole of the time again and again.
            return Stalled(f"run {run}: {result.message}", see, quarantine=True)
        case RunStatus.FAILED:
            return Stalled(f"run {run}: {result.message}", see, quarantine=True)
        case _:
            return Retry(f"run {run}: {result.message}", see)


def _end_of_log(result: Result, said: Said) -> tuple[str, ...]:
    """Return the last lines of the step that the run failed for."""
    failed = [step for step in result.steps if step.status is StepStatus.FAILED]
    blamed = [step for step in failed if step.message and step.message in result.message]
    return next((said.ends[step.id].lines for step in blamed if step.id in said.ends), ())


def _named(job: Job, report: Report) -> Outcome:
    """Give the image the name that its inputs give it, so that nobody makes it again."""
    if not job.image.pushes:
        return Done(f"run {report.run.id} went well")
    wanted, run, result = job.image.ref, report.run.id, report.result
    host, path = registry_of(wanted.repository)
    mine = [one for one in result.images if (one.registry, one.repository) == (host, path)]
    if not mine:
        pushed = ", ".join(f"{one.registry}/{one.repository}" for one in result.images)
        return Stalled(
            f"run {run} pushed nothing to {wanted.repository}",
            f"it pushed {f'to {pushed}' if pushed else 'nothing at all'}: a push step has to name "
            "the task's repository",
            quarantine=True,
        )
    # By its digest: its tag may be that of another run by now.
    made = ImageRef(wanted.repository, mine[-1].tag).with_digest(mine[-1].digest)
    try:
        _attest(job, report, mine[-1].digest)
    except NotAttestedError as error:
        return Retry(error.what, error.detail)
    job.scene.world.registries.retag(made, wanted.tag)
    job.scene.board.pushed(wanted, mine[-1].digest)
    return Done(f"run {run} pushed {made}")


def _attest(job: Job, report: Report, digest: str) -> None:
    """Attach what the task asks for, before the image has the name that says that all is done."""
    snapshot, run = snapshot_of(job.scene, job.recipe, job.image), report.run
    if attested(snapshot):
        began, ended = run.started or run.created, run.ended or run.created
        attester = job.scene.world.sites[job.action.target].attester()
        bases = job.scene.runs.registrar.book.bases(run.id)
        attest(attester, Making(run.id, snapshot, began, ended, bases), digest, job.desk.output)


def _opener(job: Job, said: Said) -> Callable[[str, StopFlag], AbstractContextManager[Stage]]:
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
            kept = CappedLog(log) if job.image.pull else log
            screen = _screen(job, said)
            records = Records(registrar.book, kept, registrar.redact, screen, time.time)
            said.files.append(files)
            yield Stage(
                RunMark(run, registrar.project, registrar.lease.host, registrar.lease.process),
                Work(site.tasks(), site.builder, remote, tools.workspace),
                records,
                flag,
                _inputs(job, files),
                _allowed(job),
                _limits(job),
            )

    return opened


def _limits(job: Job) -> Limits:
    task, each = job.recipe.task, job.recipe.task.resources
    processes = MOST_PROCESSES if job.image.pull else 0
    return Limits(task.timeout, each.cpus, each.memory, processes, task.disk)


def _inputs(job: Job, files: RunContext) -> Inputs:
    then = job.hand.bases if job.hand is not None else {}
    bases = {**base_digests(job.scene.world, job.image), **then}
    owner = job.image.owner.name
    return Inputs(files, server_of(job), job.secrets, job.image.date, owner, bases)


def _screen(job: Job, said: Said) -> Screen:
    """Show what the run and its steps say, which is remembered in the run's own log."""

    def show(to: Callable[[str, str], None], step: str, text: str) -> None:
        said.ends.setdefault(step, LastLines(_QUOTED)).add(text.removesuffix("\n"))
        to(step, text)

    def desk(step: str, text: str) -> None:
        whose = f"{step} | " if step else ""
        lines = text.removesuffix("\n").split("\n")
        job.desk.show("\n".join(f"{whose}{line}" for line in lines))

    there = job.hand.screen if job.hand is not None else Screen(desk, desk)
    return Screen(partial(show, there.output), partial(show, there.remark))


def _allowed(job: Job) -> Allowed:
    """Return what the run may do; one of a pull request may push under its own tags alone."""
    steps, image = job.recipe.task.steps, job.image
    if not image.pull:
        return Allowed(socket=steps is not None and steps.docker_socket)
    if not image.pushes:
        return Allowed(lambda _name: False, apart=str(image.task))
    own = f"{image.ref.repository}:pr-{image.pull}"
    return Allowed(lambda name: name == own or name.startswith(f"{own}-"), apart=own)


@contextmanager
def _no_remote(url: str, _dockerfile: str, _cancel: Cancel) -> Iterator[ReadContext]:
    raise DriverError(ErrorKind.DENIED, f"a pull request may not build from {url}")
    yield  # pragma: no cover - makes it a generator
