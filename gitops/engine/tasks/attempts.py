"""Tries a step: with its delay, its limit of time, its retries and its repetitions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.tasks.silence import SilentRegistryError
from gitops.engine.tasks.states import Tally, Tried
from gitops.engine.tasks.stopping import Stop, StopFlag, Why, limited
from gitops.engine.tasks.voice import Ear, Voice
from gitops.model.tasks import TaskStep

Once = Callable[[StopFlag, Ear], Tried]
"""One attempt; raises `DriverError`, CANCELLED among them when the flag was raised."""

_BESIDE = (ErrorKind.UNREACHABLE, ErrorKind.DISK_FULL)


class StoppedError(Exception):
    """The run was stopped while a step was at work."""


def attempt(step: TaskStep, once: Once, flag: StopFlag, voice: Voice, tally: Tally) -> Tried:
    """Carry a step out to its end, and count what that takes; return the last attempt.

    Raises `StoppedError` when the run's flag was raised.
    """
    if step.start_delay and flag.wait(step.start_delay):
        raise StoppedError
    last = Tried()
    for turn in range(step.repeat + 1):
        if turn:
            voice.remark(f"step {step.id}: repetition {turn} of {step.repeat}")
        last = _with_retries(step, partial(_once, step, once, flag, tally), flag, voice)
        if last.message:
            break
    if last.message and step.ignore_errors and (last.ignorable or not last.beside):
        last = last._replace(ignored=True)
    return last


def _with_retries(
    step: TaskStep, once: Callable[[Ear], Tried], flag: StopFlag, voice: Voice
) -> Tried:
    for number in range(1, step.retries + 2):
        ear = Ear(voice, step.retry_on)
        tried = once(ear)
        if not tried.message or number > step.retries:
            break
        ear.listen(tried.message)
        if not ear.heard:
            voice.remark(f"{tried.message}; none of its retryOnErrors occurred: not tried again")
            break
        voice.remark(f"{tried.message}; retry {number} of {step.retries}{_in(step.retry_delay)}")
        if flag.wait(step.retry_delay):
            raise StoppedError
    return tried


def _once(step: TaskStep, once: Once, flag: StopFlag, tally: Tally, ear: Ear) -> Tried:
    tally.attempts += 1
    limit = Why(
        Stop.STEP_TIMEOUT, f"step {step.id} did not end in {step.timeout:g} s (its timeout)"
    )
    with limited(flag, step.timeout, limit) as own:
        try:
            tried = once(own, ear)
        except DriverError as error:
            if flag.is_set():
                raise StoppedError from error
            if own.is_set():
                return Tried(limit.text)
            ignorable = isinstance(error, SilentRegistryError)
            return Tried(_told(step, error), beside=error.kind in _BESIDE, ignorable=ignorable)
    tally.count(tried)
    if flag.is_set() and tried.message:
        raise StoppedError
    return tried._replace(message=limit.text) if tried.given_up else tried


def _told(step: TaskStep, error: DriverError) -> str:
    """Return an error with the step's name before it, once."""
    told, named = str(error), f"step {step.id}"
    return told if told.startswith((f"{named}:", f"{named} ")) else f"{named}: {told}"


def _in(seconds: float) -> str:
    return f" in {seconds:g} s" if seconds else ""
