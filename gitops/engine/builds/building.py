"""Builds: the exact files of a source, given to the builder of the engine."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from gitops.drivers.base import BuildJob, CacheUse, DriverError, ErrorKind
from gitops.engine.builds.attesting import Making, NotAttestedError, attest, attested, waiting_name
from gitops.engine.builds.pinning import pinned_recipe
from gitops.engine.builds.strangers import capped
from gitops.engine.scene import Desk, Scene
from gitops.engine.tasks.stopping import StopFlag, heeding
from gitops.model.actions import Build, Push
from gitops.model.dockerfile import BaseImages
from gitops.model.image import ImageRef, parse_image
from gitops.model.image_tags import CACHE
from gitops.model.outcomes import Done, Found, Outcome, Retry, Stalled, Superseded
from gitops.model.records import CANCELED
from gitops.model.resources import BuildTask, Concurrency, PathSource
from gitops.model.secret import Secret, Secrets
from gitops.model.sources import Source
from gitops.model.task_runs import RunType
from gitops.model.task_snapshots import BuildSnapshot, ByHand
from gitops.model.wanted import WantedImage
from gitops.plan.repositories import repository_name


class Recipe(NamedTuple):
    """What is built: the task as the specs have it, and the source that the plan was made for."""

    task: BuildTask
    source: Source


def recipe_of(scene: Scene, image: WantedImage) -> Recipe | None:
    """Return what an image is built from; none when the specs or the source have gone since."""
    task = scene.bundle.resources.get(image.owner) if scene.bundle else None
    seen = scene.inputs.sources.get(image.owner)
    if not isinstance(task, BuildTask) or not isinstance(seen, Found):
        return None
    for source in (seen.value, *seen.value.beside):
        named = f"pr-{source.pull}" if source.pull else source.tag
        if source.commit == image.commit and image.offshoot in ("", named):
            return Recipe(task, source)
    return None


def build(scene: Scene, action: Build, desk: Desk) -> Outcome:
    """Build the image of a task from the very source that the plan was made for."""
    image = action.image
    recipe = recipe_of(scene, image)
    if recipe is None:
        return Retry(f"{image.task} or its source is gone", "run again to make a new plan")
    hand = scene.hand_of(image.task)
    kind = RunType.AUTO_BUILD if hand is None else RunType.QUICK_BUILD
    run = scene.runs.ask(snapshot_of(scene, recipe, image), action.causes, kind)
    if hand is not None:
        hand.told(run, "")
    else:
        desk.output(f"run {run}: `gitops logs {run}` has its log")
    with heeding(run, scene.runs.registrar.book, desk.cancel) as flag:
        return _outcome(scene, action, recipe, run, desk._replace(cancel=flag))


def _outcome(scene: Scene, action: Build, recipe: Recipe, run: str, desk: Desk) -> Outcome:
    image, hand = action.image, scene.hand_of(action.image.task)
    told = partial(hand.told, run) if hand is not None else None
    try:
        with (
            scene.runs.turn(run, image.task.name, action.causes, desk.cancel, told),
            scene.runs.building(run, image.ref, desk.show) as output,
        ):
            name = _build(scene, action, recipe, run, desk._replace(output=output))
    except DriverError as error:
        why = desk.cancel.why if isinstance(desk.cancel, StopFlag) else None
        scene.runs.failed(run, error, why.text if why is not None else "")
        if why is not None and scene.runs.registrar.book.canceled(run):
            # Begun again at once, it could never be stopped.
            return called_off(run, why.text)
        if error.kind is ErrorKind.CONFLICT and isinstance(recipe.task.source, PathSource):
            # A save while the folder was sent: what was to be built is not there any more.
            return Superseded(f"what came meanwhile: {error}")
        if error.kind is ErrorKind.TIMEOUT and image.pull:
            # A stranger does not get the whole of the time again and again.
            return Stalled(error.what, error.detail, quarantine=True)
        raise
    return Done(f"built with {name}, run {run}")


def called_off(run: str, why: str) -> Outcome:
    """Return the end of a run that somebody has canceled, who does not want it begun again."""
    return Stalled(f"{CANCELED}run {run} was {why}", quarantine=True)


def _build(scene: Scene, action: Build, recipe: Recipe, run: str, desk: Desk) -> str:
    """Build the image; return what built it."""
    builder = scene.world.sites[action.target].builder()
    desk.output(f"builder: {builder.name}")
    if builder.warning:
        desk.output(f"warning: {builder.warning}")
    task, source = recipe
    secrets = scene.inputs.secrets
    snapshot, began = snapshot_of(scene, recipe, action.image), scene.world.clock()
    job = job_of(task, action.image, secrets, run)
    job = job._replace(cache=_there(scene, job.cache))
    hand = scene.hand_of(action.image.task)
    if hand is not None and hand.secrets:
        job = job._replace(secrets={**job.secrets, **hand.secrets})
    if attested(snapshot):
        job = job._replace(image=waiting_name(job.image))
    text = pinned_recipe(scene.world, task, source, action.image)
    with scene.world.sources.context(task, source, secrets, recipe=text) as context:
        output = capped(desk.output) if action.image.pull else desk.output
        builder.build(job, context, output, desk.cancel)
    if attested(snapshot):
        scene.runs.made(Making(run, snapshot, began, scene.world.clock()))
    return builder.name


def push(scene: Scene, action: Push, desk: Desk) -> Outcome:
    """Push an image that was built here, with the documents that belong to it."""
    making = scene.runs.making(action.image)
    try:
        with scene.runs.pushing(action.image, (desk.output, desk.show)) as (output, pushed):
            there = desk._replace(output=output)
            if making is None:
                digest = _push(scene, action, there)
            else:
                digest = _push_attested(scene, action, making, there)
            pushed(digest)
    except NotAttestedError as error:
        return Retry(error.what, error.detail)
    scene.board.pushed(action.image, digest)
    return Done(digest)


def _push_attested(scene: Scene, action: Push, making: Making, desk: Desk) -> str:
    """Push under a name that nobody looks for, attach the documents, then give the exact name."""
    waiting = waiting_name(action.image)
    digest = _push(scene, action._replace(image=waiting), desk)
    attest(scene.world.sites[action.target].attester(), making, digest, desk.output)
    scene.world.registries.retag(waiting.with_digest(digest), action.image.tag)
    return digest


def _push(scene: Scene, action: Push, desk: Desk) -> str:
    """Push an image; return its digest."""
    site, image = scene.world.sites[action.target], action.image
    if any(len(task.platforms) > 1 for task in _makers(scene, image)):
        # The builder has pushed the index: an engine holds an image of one platform.
        found = scene.world.registries.digest(image)
        if isinstance(found, Found):
            digest: str = found.value
            return digest
        raise DriverError(ErrorKind.MISSING, f"the registry has no {image}, which was built there")
    if any(task.concurrency is Concurrency.CANCEL for task in _makers(scene, image)):
        return site.tasks().push(str(action.image), desk.output, desk.cancel)
    return site.engine().push(action.image, desk.output)


def _makers(scene: Scene, image: ImageRef) -> tuple[BuildTask, ...]:
    """Return the tasks that push to an image's repository."""
    bundle = scene.bundle
    if bundle is None:
        return ()
    return tuple(
        task
        for task in bundle.tasks
        if task.repository is not None
        and repository_name(bundle, task.repository) == image.repository
    )


def snapshot_of(scene: Scene, recipe: Recipe, image: WantedImage) -> BuildSnapshot:
    """Return what is kept to make the image again: without the other sources, or the texts."""
    source = recipe.source._replace(beside=(), recipe="", built_on=BaseImages())
    hand = scene.hand_of(image.task)
    return BuildSnapshot(image, recipe.task, source, hand.kept if hand is not None else ByHand())


def job_of(task: BuildTask, image: WantedImage, secrets: Secrets, run: str) -> BuildJob:
    """Return the build of an image. One of a pull request gets no secret and leaves nothing."""
    trusted = not image.pull
    return BuildJob(
        image.ref,
        task.target,
        image.args,
        image.labels,
        image.timeout,
        image.date,
        no_cache=image.fresh,
        secrets=_secrets(task, secrets) if trusted else {},
        ssh=task.ssh if trusted else (),
        platforms=task.platforms,
        cache=_cache(task, image, trusted=trusted),
        memory=task.resources.memory,
        cpus=task.resources.cpus,
        apart="" if trusted else f"{image.ref.repository}:pr-{image.pull}",
        mark=run,
    )


def _secrets(task: BuildTask, secrets: Secrets) -> dict[str, Secret]:
    """Return those that could be read: the plan asks for all, less what was given by hand."""
    return {name: secrets[ref] for name, ref in task.secrets.items() if ref in secrets}


def _there(scene: Scene, cache: CacheUse) -> CacheUse:
    """Return the cache without what is not there yet, which a builder would call an error."""
    found = (
        name
        for name in cache.sources
        if isinstance(scene.world.registries.digest(parse_image(name)), Found)
    )
    return cache._replace(sources=tuple(found))


def _cache(task: BuildTask, image: WantedImage, *, trusted: bool) -> CacheUse:
    # What the branches' layers hold is not for strangers.
    if task.cache == "off" or not trusted:
        return CacheUse()
    kept = str(ImageRef(image.ref.repository, CACHE))
    return CacheUse((kept,), kept, task.cache)
