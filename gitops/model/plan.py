"""A plan is a value: what will be done, in which order, and why, before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from gitops.model.actions import Action
from gitops.model.address import Address
from gitops.model.wanted import Blocked

MENDING_WINDOW = 300.0
"""Seconds that count as lately."""

MENDING_LIMIT = 5
"""Times in the window after which an app is left alone, with the reason."""


class Step(NamedTuple):
    """One action. `after` are the numbers of the steps that have to end well before it.

    `because` is the cause in words. `otherwise` is what is done when the step fails, so that a
    failed gate leaves what it found. `wish` is the hash that is quarantined when the step stalls.
    `mends` is a step that puts right what was right before: too many of them are a reason to stop.
    """

    number: int
    address: Address
    action: Action
    because: str
    after: tuple[int, ...] = ()
    otherwise: tuple[Action, ...] = ()
    wish: str = ""
    mends: bool = False


class Plan(NamedTuple):
    """All steps, and for every resource without one the reason why it has none."""

    project: str
    steps: tuple[Step, ...]
    in_sync: Mapping[Address, str]
    """What matches, and in one line what it is."""
    blocked: Mapping[Address, Blocked]
    suspended: Mapping[Address, str]
    warnings: tuple[str, ...] = ()
    refused: str = ""
    """Why the plan must not be carried out as it is (a mass removal), or an empty string."""

    @property
    def converged(self) -> bool:
        """Say whether nothing is to be done and nothing stands in the way.

        A pull request that fails stands in nobody's way.
        """
        blocked = any(not address.of_stranger for address in self.blocked)
        return not self.steps and not blocked and not self.refused


class LastRun(NamedTuple):
    """The last run of a task that was not called off: a `BuildSnapshot` as JSON, and how it ended
    if that was not well (`run r3l… ended as Timeout`).
    """

    snapshot: str
    trouble: str = ""


class History(NamedTuple):
    """What is remembered that the world does not tell: bad inputs by resource (hash to reason)."""

    quarantined: Mapping[Address, Mapping[str, str]]
    mended: Mapping[Address, int] = MappingProxyType({})
    """How often each app had a container replaced or started again lately (`MENDING_WINDOW`)."""
    built: Mapping[Address, LastRun] = MappingProxyType({})
    """What each task, and each of its offshoots, was last made from."""
