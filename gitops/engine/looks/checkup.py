"""Judges what `doctor` looked at, and bounds how long a look may take."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.looks.together import Look
from gitops.model.checkup import EngineFacts, Grade, Holder, Space, Verdict

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

OLDEST_API = (1, 41)
"""Of Docker 20.10, the oldest engine that is tested."""

LEAST_SPACE = 2 * 1024**3
LEAST_SHARE = 0.1
FARTHEST_CLOCK = 5.0


def bounded(calls: Mapping[K, Callable[[], T]], limit: float) -> dict[K, T | DriverError]:
    """Call all functions at once; return what each gave, or the `DriverError` that it raised.

    One that has not ended after `limit` seconds is left behind, and gets a TIMEOUT: its thread
    ends with the process.
    """
    until = time.monotonic() + limit
    looks = {key: Look(call) for key, call in calls.items()}
    answers: dict[K, T | DriverError] = {}
    for key, look in looks.items():
        if not look.ended(max(0.0, until - time.monotonic())):
            answers[key] = DriverError(ErrorKind.TIMEOUT, f"no answer in {limit:g} s")
            continue
        try:
            answers[key] = look.result()
        except DriverError as error:
            answers[key] = error
    return answers


def judged(answer: Verdict | DriverError) -> Verdict:
    """Return a check's verdict; one that ended in an error has failed."""
    if isinstance(answer, DriverError):
        return Verdict(Grade.FAILED, answer.what, answer.detail)
    return answer


def engine(facts: EngineFacts) -> Verdict:
    """Say whether an engine is new enough."""
    found = f"Docker {facts.version}, API {facts.api}, {facts.platform}, at {facts.address}"
    if _number(facts.api) < OLDEST_API:
        return Verdict(Grade.FAILED, found, "it is too old: install Docker 20.10 or newer")
    return Verdict(Grade.OK, found)


def clock(facts: EngineFacts) -> Verdict:
    """Say whether an engine's clock agrees with ours; it stamps leases and files."""
    apart = facts.clock - facts.ours
    # The header that tells the engine's time has whole seconds.
    if abs(apart) <= FARTHEST_CLOCK:
        return Verdict(Grade.OK, "the engine's and this machine's agree")
    which = "ahead of" if apart > 0 else "behind"
    return Verdict(
        Grade.WARNING,
        f"the engine's is {abs(apart):.0f} s {which} this machine's",
        "set both by NTP (`timedatectl set-ntp true`): times in lists would mislead",
    )


def disk(folder: str, space: Space) -> Verdict:
    """Say whether a file system has room for an image or two."""
    share = space.free / space.total if space.total else 0.0
    found = f"{_size(space.free)} ({share:.0%}) of {_size(space.total)} free at {folder}"
    if space.free < LEAST_SPACE or share < LEAST_SHARE:
        mend = "make room: `docker system df` says what images, containers and caches take"
        return Verdict(Grade.WARNING, found, mend)
    return Verdict(Grade.OK, found)


def port(number: int, facts: EngineFacts, *, free: bool) -> Verdict:
    """Say whether a port can be had that is not used by what is to have it."""
    holder = holder_of(facts, number)
    if holder is not None:
        return Verdict(
            Grade.FAILED,
            f"port {number} is taken by container {holder.name}",
            f"stop it (`docker stop {holder.name}`), or choose another port in the spec",
        )
    if not free:
        return Verdict(
            Grade.FAILED,
            f"port {number} is taken by a process of this machine",
            f"find it (`ss -ltnp 'sport = :{number}'`), or choose another port in the spec",
        )
    return Verdict(Grade.OK, f"not made yet; port {number} is free")


def holder_of(facts: EngineFacts, number: int) -> Holder | None:
    """Return the container that has a port of the engine's machine."""
    return next((one for one in facts.containers if number in one.ports), None)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split("."))


def _size(count: int) -> str:
    return f"{count / 1024**3:.1f} GiB"
