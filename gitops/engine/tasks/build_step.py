"""`build` steps: an image each, by the site's builder."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

from gitops.drivers.base import (
    UNNAMED,
    BuildJob,
    CacheUse,
    Cancel,
    DriverError,
    ErrorKind,
    ReadContext,
)
from gitops.engine.tasks.base_images import Heard, as_then, digests_of
from gitops.engine.tasks.build_lines import args_of, context_of, in_workspace, is_remote
from gitops.engine.tasks.containers import Place
from gitops.engine.tasks.names import has_registry, pushed_name
from gitops.engine.tasks.silence import laid_to_registry
from gitops.engine.tasks.stage import Stage
from gitops.engine.tasks.states import Tried
from gitops.engine.tasks.stopping import StopFlag
from gitops.engine.tasks.voice import Ear
from gitops.engine.tasks.workspace import Workspace
from gitops.model.dockerfile.strangers import FORBIDDEN_ARGS
from gitops.model.image import ImageRef, parse_image
from gitops.model.secret import Secret
from gitops.model.tasks import BuildLine, BuildSecret, TaskStep

_GRACE = 30.0
"""Seconds that the builder's own limit comes after the step's, which says more."""


class Shop(NamedTuple):
    """Where builds are done; `made` are whole names of images that the run has made before."""

    stage: Stage
    workspace: Workspace
    place: Place
    made: Collection[str] = ()


def run_build(step: TaskStep, line: BuildLine, shop: Shop, flag: StopFlag, ear: Ear) -> Tried:
    """Build and tag an image once."""
    job = job_of(step, line, shop)
    builder = shop.stage.work.builder()
    if builder.warning:
        ear.remark(f"warning: {builder.warning}")
    heard = Heard()

    def output(text: str) -> None:
        heard.line(text)
        ear.line(text)

    try:
        with _context(step, line, shop, flag) as context:
            text = as_then(context.text, job.args, shop.stage.inputs.bases)
            sent = context.rewritten(text) if text else context
            builder.build(job, sent, output, flag)
            bases = digests_of(context.text, job, heard, shop.stage.work.engine, shop.made)
    except DriverError as error:
        raise laid_to_registry(error, shop.stage.work.engine, str(job.image)) from error
    if bases:
        shop.stage.records.book.based(shop.stage.run, bases)
    return Tried(exit_code=0)


def _context(
    step: TaskStep, line: BuildLine, shop: Shop, cancel: Cancel
) -> AbstractContextManager[ReadContext]:
    if is_remote(line.context):
        return shop.stage.work.remote(line.context, line.file, cancel)
    return context_of(step, line, shop.workspace)


def job_of(step: TaskStep, line: BuildLine, shop: Shop) -> BuildJob:
    """Return the builder's job; `DriverError` for a missing value, or what may not be pushed."""
    stage = shop.stage
    own = own_image(stage.run, step)
    named = [parse_image(tag) for tag in line.tags]
    # Several platforms are pushed under all their names, and this one is for no registry.
    images = named if len(line.platforms) > 1 else [*named, own]
    network = shop.place.networks.get(line.network, line.network)
    _check(step, line, stage, network)
    return BuildJob(
        image=images[0],
        target=line.target,
        args=args_of(step, line),
        labels=dict(line.labels),
        timeout=step.timeout + _GRACE if step.timeout else 0.0,
        date=stage.inputs.date,
        tags=tuple(str(image) for image in images[1:]),
        no_cache=line.no_cache,
        pull=line.pull,
        network=network,
        hosts=line.hosts,
        secrets={one.id: _secret(step, one, shop) for one in line.secrets},
        ssh=line.ssh,
        platforms=line.platforms,
        cache=_cache(step, line, stage, named),
        memory=line.memory or stage.limits.memory,
        shm_size=line.shm_size,
        cpus=step.cpus or stage.limits.cpus,
        apart=stage.allowed.apart,
        mark=f"{stage.mark.run}|{stage.mark.host}|{stage.mark.process}",
    )


def _check(step: TaskStep, line: BuildLine, stage: Stage, network: str) -> None:
    """Refuse what the run may not: several platforms push by themselves, strangers stay inside."""
    pushed = line.tags if len(line.platforms) > 1 else ()
    for tag in (*pushed, line.cache_to) if line.cache_to else pushed:
        if not stage.allowed.push(str(parse_image(tag))):
            raise DriverError(ErrorKind.DENIED, f"step {step.id} may not push {tag}")
    if stage.allowed.isolated:
        _check_names(step, line, stage)
    if stage.allowed.isolated:
        _check_reach(step, line, network)


def _check_reach(step: TaskStep, line: BuildLine, network: str) -> None:
    """Refuse what leads a stranger's build out of its own place, or others into it."""
    wanted = {
        f"the network {network}": network not in ("", "default", "none"),
        "an SSH agent": bool(line.ssh),
        f"the layers of {', '.join(line.cache_from)}": bool(line.cache_from),
        **{f"the build arg {name}": bool(FORBIDDEN_ARGS.fullmatch(name)) for name, _ in line.args},
    }
    for what, asked in wanted.items():
        if asked:
            raise DriverError(ErrorKind.DENIED, f"step {step.id} may not use {what} in this run")


def _check_names(step: TaskStep, line: BuildLine, stage: Stage) -> None:
    """Refuse names that others may trust: what the engine has under one is built on, and run.

    `build -t busybox` of a stranger would be the base of every later build on the same engine.
    """
    for tag in line.tags:
        if stage.run not in tag and not stage.allowed.push(str(parse_image(tag))):
            raise DriverError(
                ErrorKind.DENIED,
                f"step {step.id} may not name an image {tag} in this run",
                "use a name with {{.Run.ID}} in it, or a tag that the run may push",
            )


def own_image(run: str, step: TaskStep) -> ImageRef:
    """Return the name that a build's image has for its run alone, beside those that the task gives.

    Another run on the engine may give those to an image of its own at any moment.
    """
    return ImageRef(f"{UNNAMED}/{run}", step.id)


def _cache(step: TaskStep, line: BuildLine, stage: Stage, images: Sequence[ImageRef]) -> CacheUse:
    """Return the shared cache of `cache: enabled`: a tag beside the image, as in Azure.

    That is the first image that names a registry, or else the first one in the run's registry.
    """
    names = [*map(str, images), *(pushed_name(str(one), stage.inputs.registry) for one in images)]
    name = next((each for each in names if each and has_registry(each)), "")
    if not step.cache or not name:
        return CacheUse(line.cache_from)
    if stage.allowed.isolated:
        return CacheUse()  # what the branches' layers hold is not for strangers
    tag = f"cache_{stage.inputs.task or 'run'}_{step.id}"
    shared = f"{parse_image(name).repository}:{tag}"
    to = shared if stage.allowed.push(shared) else ""
    return CacheUse((*line.cache_from, shared), to)


def _secret(step: TaskStep, secret: BuildSecret, shop: Shop) -> Secret:
    what = f"step {step.id}: the build secret {secret.id!r}"
    if secret.path.startswith("/"):
        return _mounted(step, secret, shop)
    if secret.path:
        content = shop.workspace.read(in_workspace(step, secret.path))
        return Secret(content.decode(errors="surrogateescape"))
    if secret.env:
        if secret.env not in step.env:
            raise DriverError(
                ErrorKind.MISSING,
                f"{what} comes from the variable {secret.env}, which the step has not",
                "add it to the step's env",
            )
        return Secret(step.env[secret.env])
    given = shop.stage.inputs.secrets.get(secret.id)
    if given is None:
        raise DriverError(
            ErrorKind.MISSING,
            f"{what} was not given",
            f"give it with --secret {secret.id}=VALUE, or write env= or src= in the step",
        )
    return given


def _mounted(step: TaskStep, secret: BuildSecret, shop: Shop) -> Secret:
    """Return a secret from a volume of the task, which holds bytes as characters."""
    found = shop.workspace.secret(step, secret.path)
    if found is None:
        raise DriverError(
            ErrorKind.MISSING,
            f"step {step.id}: the build secret {secret.id!r} is not there: {secret.path}",
            "the volume that is mounted there has no such file",
        )
    return Secret(found.reveal().encode("latin-1").decode(errors="surrogateescape"))
