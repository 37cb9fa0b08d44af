"""How a resource is, in the words of conditions: all positive, `Ready` computed from the others."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.revisions import Hold


class Truth(StrEnum):
    """A condition holds, does not hold, or could not be looked at."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(NamedTuple):
    """One aspect; `reason` is a CamelCase constant of `docs/conditions.md`."""

    type: str
    status: Truth
    reason: str
    message: str


class Status(NamedTuple):
    """A resource as a person asks for it. `wanted` and `running` are revisions in short, `held` is
    the wish of a person that keeps it from following its spec.
    """

    address: Address
    conditions: tuple[Condition, ...]
    wanted: str
    running: str
    url: str = ""
    held: Hold | None = None

    @property
    def ready(self) -> Condition:
        """The `Ready` condition, which every status has."""
        return next(found for found in self.conditions if found.type == "Ready")
