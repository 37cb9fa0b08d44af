"""Makes one image again, exactly as it was made; no tag that follows it is moved."""

from __future__ import annotations

import time
from typing import NamedTuple

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.board import Board
from gitops.engine.builds.records import BuildRuns
from gitops.engine.deploys.addresses import Addresses
from gitops.engine.looks.sources import references
from gitops.engine.perform import perform
from gitops.engine.ports import World
from gitops.engine.scene import Desk, Hand, Scene
from gitops.model.actions import Build, Push, RunTask
from gitops.model.bundle import Bundle
from gitops.model.observed import Inputs
from gitops.model.outcomes import Done, Found, Outcome
from gitops.model.secret import SecretRef, Secrets
from gitops.model.task_runs import Cause
from gitops.model.task_snapshots import BuildSnapshot


class Workshop(NamedTuple):
    """Where it is made: the specs as they are now, what is outside, and the records of runs."""

    bundle: Bundle
    world: World
    runs: BuildRuns


def make_again(
    shop: Workshop, snapshot: BuildSnapshot, cause: Cause, desk: Desk, hand: Hand
) -> Outcome:
    """Make the image of `snapshot` again and push it under its exact name; return how it went.

    The task is that of the snapshot, so are its source, its args and the digests under it; what
    its secrets refer to is read again, and `hand` holds what was given by hand. Engine and logins
    are those of the specs. Raises `DriverError` when the source, a secret or the engine is not to
    be had.
    """
    bundle, world, runs = shop
    image, task = snapshot.image, snapshot.task
    if image.target not in world.sites:
        raise DriverError(
            ErrorKind.MISSING,
            f"{image.task} was built on target {image.target}, which is not declared any more",
            f"there are: {', '.join(sorted(world.sites)) or 'none'}",
        )
    by_hand = {ref for name, ref in task.secrets.items() if name in hand.secrets}
    secrets = _secrets(bundle._replace(resources={image.owner: task}), world, by_hand)
    source = snapshot.source._replace(recipe=_recipe(snapshot, world, secrets))
    inputs = Inputs({image.owner: Found(source)}, secrets, {}, world.clock())
    # What is there now may be of another commit: this task is as it was then.
    then = bundle._replace(resources={**bundle.resources, image.owner: task})
    board = Board(Addresses(time.monotonic))
    scene = Scene(bundle.project, then, inputs, world, {}, board, runs, hand=hand)
    if image.steps:
        return perform(scene, RunTask(image.target, image, (cause,)), desk)
    built = perform(scene, Build(image.target, image, (cause,)), desk)
    if not isinstance(built, Done):
        return built
    desk.output(built.detail)
    return perform(scene, Push(image.target, image.ref), desk)


def _secrets(alone: Bundle, world: World, by_hand: set[SecretRef]) -> Secrets:
    """Return what the task's references stand for now, less those that were given by hand."""
    found, errors = world.secrets.read(sorted(references(alone) - by_hand, key=str))
    for reference, why in errors.items():
        raise DriverError(ErrorKind.MISSING, f"the secret {reference} cannot be read", why)
    return found


def _recipe(snapshot: BuildSnapshot, world: World, secrets: Secrets) -> str:
    """Return the text of the Dockerfile or task file as the source has it, if it is needed."""
    task, bases = snapshot.task, snapshot.image.inputs.bases
    if not task.recipe or (task.steps is None and not bases):
        return ""
    with world.tools.files(task, snapshot.source, secrets) as files:
        return files.read(task.recipe).decode()
