"""What a run works on, and where one of its steps works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from gitops.drivers.base import Cancel, Output
from gitops.engine.board import Board
from gitops.engine.builds.records import BuildRuns
from gitops.engine.ports import World
from gitops.engine.tasks.stage import Screen
from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.observed import Inputs
from gitops.model.secret import Secret
from gitops.model.task_snapshots import ByHand
from gitops.model.tasks import Task


class Hand(NamedTuple):
    """Who watches a task's run that was asked for by hand, and what was given for it.

    `told` takes the run's id and why it waits, `begins` a multi-step task once it is read; what it
    says goes to the screen. `values` are all of `.Values` (none: those of the spec);
    `secrets` win over those of the spec. `kept` is what is remembered of both. `bases` are digests
    of what a multi-step task's Dockerfiles build on, where that has to be as in an earlier run.
    """

    task: Address
    told: Callable[[str, str], None]
    begins: Callable[[Task], None]
    screen: Screen
    values: Mapping[str, object] | None = None
    secrets: Mapping[str, Secret] = MappingProxyType({})
    kept: ByHand = ByHand()
    bases: Mapping[str, str] = MappingProxyType({})


class Scene(NamedTuple):
    """What a run works on and with. `gateways` are the containers of gateways, by
    target; `runs` the records of what it builds; `hosts` the host names of each app and slot.
    """

    project: str
    bundle: Bundle | None
    inputs: Inputs
    world: World
    gateways: dict[str, str]
    board: Board
    runs: BuildRuns
    hosts: Mapping[Address, tuple[str, ...]] = MappingProxyType({})
    hand: Hand | None = None

    def hand_of(self, task: Address) -> Hand | None:
        """Return what was given by hand for a run of `task`, if that is what somebody asked for."""
        return self.hand if self.hand is not None and self.hand.task == task else None


class Desk(NamedTuple):
    """Where one step works: its log, and the flag that calls it off.

    `show` takes whole lines that are remembered elsewhere, and only have to be seen.
    """

    output: Output
    show: Output
    cancel: Cancel
