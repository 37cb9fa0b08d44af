"""`cmd` steps: a container each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from signal import SIGKILL
from types import MappingProxyType
from typing import NamedTuple

from gitops.drivers.base import DriverError, ErrorKind, StepEnd, StepImage, TaskEngine
from gitops.engine.tasks.belongings import Belongings
from gitops.engine.tasks.containers import Place, container_of
from gitops.engine.tasks.states import Tried
from gitops.engine.tasks.stopping import StopFlag
from gitops.engine.tasks.voice import Ear
from gitops.engine.tasks.workspace import Workspace
from gitops.model.image import parse_image
from gitops.model.tasks import RunLine, TaskStep

_SIGNALS = 128
"""A process that a signal ended has this and the signal's number as its exit code, in shells."""


class Yard(NamedTuple):
    """Where steps' containers stand; `built` are whole names of images that the run has made, each
    with the name that the image has in this run alone.
    """

    engine: TaskEngine
    belongings: Belongings
    workspace: Workspace
    place: Place
    built: Mapping[str, str] = MappingProxyType({})


def run_command(step: TaskStep, line: RunLine, yard: Yard, flag: StopFlag, ear: Ear) -> Tried:
    """Run a step's container once; a detached one is only begun."""
    container = container_of(step, line, yard.place)
    own = yard.built.get(str(parse_image(line.image)))
    if own is not None:
        # No registry has a newer one, and another run may have taken the name by now.
        container = container._replace(image=own)
    elif not line.no_pull:
        _provide(step, line, yard, flag, ear)
    identity = yard.belongings.create(container)
    try:
        yard.workspace.fill(container, identity, flag)
        if step.detach or line.detach:
            yard.engine.detach(identity, ear.block, partial(_tell_end, step, ear))
            return Tried()
        end = yard.engine.run(identity, ear.block, flag)
    except DriverError:
        yard.belongings.discard(container.name)
        raise
    if not step.keep:
        yard.belongings.discard(container.name)
    if end.given_up:
        return Tried(f"step {step.id} was given up", None, end.peak_memory, end.cpu, given_up=True)
    if end.out_of_memory and not end.exit_code:
        ear.remark(f"warning: a process of step {step.id} was killed, for want of memory")
    message = _message(step, end, container.memory)
    return Tried(message, end.exit_code, end.peak_memory, end.cpu)


def _tell_end(step: TaskStep, ear: Ear, code: int) -> None:
    ear.remark(f"step {step.id} is detached, and has ended: exit code {code}")


def _message(step: TaskStep, end: StepEnd, memory: int) -> str:
    if end.out_of_memory and end.exit_code:
        return f"step {step.id} ran out of memory (exit code {end.exit_code})"
    if end.error:
        return f"step {step.id} could not run: {end.error}"
    if not end.exit_code:
        return ""
    signal = end.exit_code - _SIGNALS
    told = f", signal {signal}" if 0 < signal < _SIGNALS // 2 else ""
    if signal == SIGKILL and memory:
        # Engines (20.10 with containerd 1.6) miss some of the kernel's kills.
        told += "; most likely it took more than its memory limit"
    return f"step {step.id} failed: exit code {end.exit_code}{told}"


def _provide(step: TaskStep, line: RunLine, yard: Yard, flag: StopFlag, ear: Ear) -> None:
    """Have the image; trying again helps against a registry, not against a wrong name."""
    fresh = step.pull or line.pull
    for left in range(step.download_retries, -1, -1):
        try:
            wanted = StepImage(line.image, fresh, line.host.platform)
            yard.engine.provide(wanted, ear.remark, flag)
        except DriverError as error:
            if flag.is_set():
                raise
            if not left:
                _settle(error, line.image, yard.engine, ear, fresh=fresh)
                return
            ear.remark(f"step {step.id}: {error}; the image is asked for again")
            flag.wait(step.download_retry_delay)
        else:
            return


def _settle(error: DriverError, image: str, engine: TaskEngine, ear: Ear, *, fresh: bool) -> None:
    """Be content with an image that is here when its registry cannot be asked for a fresh one.

    Without any it is the step that failed: the engine, which answers, is well.
    """
    if error.kind is not ErrorKind.UNREACHABLE:
        raise error
    if not engine.has(image) or not fresh:
        raise DriverError(ErrorKind.FAILED, error.what, error.detail) from error
    ear.remark(f"warning: {error}; the image that is here is used")
