"""Builds: the exact files of a source, given to the builder of the engine."""

from __future__ import annotations

from gitops.drivers.base import BuildJob, DriverError, ErrorKind
from gitops.engine.scene import Desk, Scene
from gitops.model.actions import Build
from gitops.model.outcomes import Done, Found, Outcome, Retry, Superseded
from gitops.model.resources import BuildTask, PathSource


def build(scene: Scene, action: Build, desk: Desk) -> Outcome:
    """Build the image of a task from the very source that the plan was made for."""
    image = action.image
    task = scene.bundle.resources.get(image.task) if scene.bundle else None
    source = scene.inputs.sources.get(image.task)
    if not isinstance(task, BuildTask) or not isinstance(source, Found):
        return Retry(f"{image.task} or its source is gone", "run again to make a new plan")
    builder = scene.world.sites[action.target].builder()
    desk.output(f"builder: {builder.name}")
    if builder.warning:
        desk.output(f"warning: {builder.warning}")
    job = BuildJob(image.ref, task.target, image.args, image.labels, image.timeout, image.date)
    try:
        with scene.world.sources.context(task, source.value, scene.inputs.secrets) as context:
            builder.build(job, context, desk.output, desk.cancel)
    except DriverError as error:
        if error.kind is ErrorKind.CONFLICT and isinstance(task.source, PathSource):
            # A save while the folder was sent: what was to be built is not there any more.
            return Superseded(f"what came meanwhile: {error}")
        raise
    return Done(f"built with {builder.name}")
