"""`push` steps: images of the engine, to their registries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.tasks.names import pushed_name
from gitops.engine.tasks.silence import laid_to_registry
from gitops.engine.tasks.stage import Stage
from gitops.engine.tasks.states import Tried
from gitops.engine.tasks.stopping import StopFlag
from gitops.engine.tasks.voice import Ear
from gitops.model.image import parse_image, registry_of
from gitops.model.task_runs import OutputImage
from gitops.model.tasks import TaskStep

ATTEMPTS = 3
_FIRST_WAIT = 1.0
_CONTESTED = 10
"""Times that a name is taken back from another run."""
_PASSING = (ErrorKind.UNREACHABLE, ErrorKind.TIMEOUT, ErrorKind.FAILED)
"""Kinds of errors that may be gone a second later."""


class Made(NamedTuple):
    """What the run has made so far: names of its builds, each with the name that the image has in
    this run alone; those pushed by them; and a sink.
    """

    images: Mapping[str, str]
    indexes: Collection[str]
    pushed: Callable[[OutputImage], None]


class Shelf(NamedTuple):
    """Where images are pushed from."""

    stage: Stage
    made: Made


def run_push(step: TaskStep, names: Sequence[str], shelf: Shelf, flag: StopFlag, ear: Ear) -> Tried:
    """Push every image of a step, one after the other."""
    stage, made = shelf
    for name in names:
        whole = _whole(step, name, stage)
        if whole in made.indexes:
            ear.remark(f"{whole} was pushed by its build, for several platforms")
            continue
        own = made.images.get(whole) or made.images.get(str(parse_image(name)), "")
        if own:
            made.pushed(_push_own(step, (whole, own), stage, flag, ear))
        else:
            _provide(step, name, whole, stage, made)
            made.pushed(_push(step, whole, stage, flag, ear))
    return Tried(exit_code=0)


def _whole(step: TaskStep, name: str, stage: Stage) -> str:
    whole = pushed_name(name, stage.inputs.registry)
    if not whole:
        raise DriverError(
            ErrorKind.INVALID,
            f"step {step.id}: the image {name} names no registry to push to",
            "give one with --registry SERVER, or write SERVER/NAME:TAG",
        )
    if not stage.allowed.push(whole):
        raise DriverError(ErrorKind.DENIED, f"step {step.id} may not push {whole} in this run")
    return whole


def _provide(step: TaskStep, name: str, whole: str, stage: Stage, made: Made) -> None:
    """Have the image on the engine under its whole name."""
    engine = stage.work.engine
    if engine.has(whole):
        return
    local = str(parse_image(name))
    if local != whole and engine.has(local):
        engine.tag(local, whole)
        return
    built = ", ".join(made.images) or "nothing"
    raise DriverError(
        ErrorKind.MISSING,
        f"step {step.id}: the engine has no image {whole}",
        f"this run has built {built}; build it with that name before it is pushed",
    )


def _push_own(
    step: TaskStep, names: tuple[str, str], stage: Stage, flag: StopFlag, ear: Ear
) -> OutputImage:
    """Push what this run has built under a whole name, which other runs may use at the same time.

    An engine pushes what has the name at that moment: what was pushed is ours if the name is still
    our image's afterwards, since nobody else gives it back to that.
    """
    whole, own = names
    engine = stage.work.engine
    for _ in range(_CONTESTED):
        engine.tag(own, whole)
        pushed = _push(step, whole, stage, flag, ear)
        if engine.identity(whole) == engine.identity(own):
            return pushed
        ear.remark(f"another run gave {whole} to its own image meanwhile; pushed again")
    raise DriverError(
        ErrorKind.CONFLICT,
        f"step {step.id}: other runs keep giving {whole} to images of their own",
        "name the image after the run ({{.Run.ID}}), or let one task push it",
    )


def _push(step: TaskStep, whole: str, stage: Stage, flag: StopFlag, ear: Ear) -> OutputImage:
    wait = _FIRST_WAIT
    for left in range(ATTEMPTS - 1, -1, -1):
        try:
            digest = stage.work.engine.push(whole, ear.line, flag)
            break
        except DriverError as error:
            if error.kind not in _PASSING or not left or flag.is_set():
                raise laid_to_registry(error, stage.work.engine, whole) from error
            ear.remark(f"step {step.id}: {error}; pushed again in {wait:g} s")
            flag.wait(wait)
            wait *= 2
    image = parse_image(whole)
    registry, repository = registry_of(image.repository)
    return OutputImage(registry, repository, image.tag, digest)
