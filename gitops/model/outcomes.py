"""What became of a look at the world, and of a step."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Found(NamedTuple, Generic[T]):
    """It was looked at, and this is it."""

    value: T


class Absent(NamedTuple):
    """It was looked at, and it is not there."""

    what: str = ""


class Unreachable(NamedTuple):
    """It could not be looked at, so nothing follows: nothing is made, replaced or pruned."""

    what: str
    why: str


Observation = Found[T] | Absent | Unreachable


class Done(NamedTuple):
    """The step did what it says; `detail` is one line for the reader, `result` what it made."""

    detail: str = ""
    result: str = ""


class Retry(NamedTuple):
    """It did not work now and may work later; nothing is remembered against the inputs."""

    reason: str
    detail: str = ""


class Stalled(NamedTuple):
    """It will not work with these inputs; `quarantine` says whether to remember them as bad."""

    reason: str
    detail: str = ""
    quarantine: bool = True


class Skipped(NamedTuple):
    """It was not tried, because step number `because_of` did not end well."""

    because_of: int


class Superseded(NamedTuple):
    """It was given up because something newer is wanted; not a failure."""

    by: str = "something newer, or as the run was to end"


Outcome = Done | Retry | Stalled | Skipped | Superseded
