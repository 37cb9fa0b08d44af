"""What a look at this machine and its engines found: facts, and what to think of them."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from gitops.model.address import Address


class Grade(StrEnum):
    """How good it is: a warning is something that works worse than it could."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Verdict(NamedTuple):
    """What was found, and how to mend it where that is needed."""

    grade: Grade
    found: str
    mend: str = ""


class Finding(NamedTuple):
    """A verdict, and what it is about: `engine`, `disk state`, `Registry/local`."""

    name: str
    verdict: Verdict


class Holder(NamedTuple):
    """A container that there is, whoever made it; `ports` are those of the engine's machine."""

    name: str
    project: str
    owner: Address | None
    running: bool
    ports: frozenset[int]


class EngineFacts(NamedTuple):
    """What an engine tells of itself. `clock` and `ours` are the two times of one moment.

    `root` is the folder of its data.
    """

    address: str
    version: str
    api: str
    platform: str
    root: str
    clock: float
    ours: float
    containers: tuple[Holder, ...]


class Space(NamedTuple):
    """Bytes of a file system."""

    free: int
    total: int
