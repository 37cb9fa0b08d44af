"""What a multi-step task of the specs is in one of its runs: its text, rendered for that run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.builds.building import Recipe
from gitops.engine.builds.reading_steps import read_steps
from gitops.engine.scene import Desk, Hand, Scene
from gitops.engine.tasks.errand import UnreadableError
from gitops.engine.tasks.names import shared_volume
from gitops.model.actions import RunTask
from gitops.model.diagnostics import has_errors
from gitops.model.image import registry_of
from gitops.model.resources import Registry, Steps
from gitops.model.secret import Secret
from gitops.model.task_runs import CauseKind
from gitops.model.tasks import RunFacts, Task
from gitops.model.wanted import WantedImage

Reader = Callable[[str], bytes]
"""Gives a file of the task's source; raises `DriverError` for one that is not in it."""


class Job(NamedTuple):
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
    def hand(self) -> Hand | None:
        """Who asked for it by hand, if somebody did."""
        return self.scene.hand_of(self.image.task)

    @property
    def secrets(self) -> dict[str, Secret]:
        """What its templates and builds may use: for a pull request, nothing."""
        if self.image.pull:
            return {}
        known = self.scene.inputs.secrets
        # The plan asks for all of them, less those that were given by hand.
        own = {name: known[ref] for name, ref in self.recipe.task.secrets.items() if ref in known}
        return {**own, **self.hand.secrets} if self.hand is not None else own


def task_of_run(job: Job, run: str, read: Reader) -> Task:
    """Return the task with its templates rendered; `UnreadableError` tells all that is wrong.

    Files of aliases are those of the source, or at URLs; for a pull request of the source alone.
    """
    from gitops.spec.tasks import IN_SPEC, Given  # noqa: PLC0415 - as in `read_steps`

    steps = job.recipe.task.steps
    if steps is None:
        raise TypeError(f"{job.image.owner} has no steps")
    now = job.scene.world.clock()
    given = Given(_facts(job, run), _values(job, steps), job.secrets, now, IN_SPEC)
    task, found = read_steps(
        steps, job.recipe.source, given, lambda where: _fetched(job, where, read)
    )
    if task is None or has_errors(found):
        raise UnreadableError("\n".join(map(str, found)))
    missing = [need.id for need in task.secrets if need.id not in given.secrets]
    if missing:
        why = "a pull request gets none" if job.image.pull else "name it in the task's `secrets`"
        raise UnreadableError(f"the secret {missing[0]!r} is not given: {why}")
    return task


def _fetched(job: Job, where: str, read: Reader) -> str:
    if "://" not in where:
        return read(where).decode()
    if job.image.pull:
        # It could tell others what only this machine can reach.
        raise DriverError(ErrorKind.DENIED, "a pull request reads aliases from its own files alone")
    return job.scene.world.tools.aliases(where)


def _values(job: Job, steps: Steps) -> Mapping[str, object]:
    if job.hand is None or job.hand.values is None:
        return steps.values
    return job.hand.values


def server_of(job: Job) -> str:
    """Return the server of the run's registry, or an empty string where there is none."""
    image, bundle = job.image, job.scene.bundle
    if image.pushes:
        return registry_of(image.ref.repository)[0]
    if image.registry is None or bundle is None:
        return ""
    found = bundle.resources[image.registry]
    return found.server if isinstance(found, Registry) else ""


def _triggered_by(job: Job) -> str:
    """Return the kind of the first cause; `Manual` as in runs that have no task."""
    if not job.action.causes:
        return ""
    kind = job.action.causes[0].kind
    return "Manual" if kind is CauseKind.MANUAL else kind.value


def _facts(job: Job, run: str) -> RunFacts:
    image = job.image
    moment = datetime.fromtimestamp(job.scene.world.clock(), UTC)
    return RunFacts(
        id=run,
        registry=server_of(job),
        registry_name=image.registry.name if image.registry is not None else "",
        date=moment.strftime("%Y%m%d-%H%M%Sz"),
        task_name=image.owner.name,
        triggered_by=_triggered_by(job),
        shared_volume=shared_volume(run),
    )
