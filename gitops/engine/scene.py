"""What a run works on, and where one of its steps works."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from gitops.drivers.base import Cancel, Output
from gitops.engine.board import Board
from gitops.engine.build_runs import BuildRuns
from gitops.engine.ports import World
from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.observed import Inputs


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


class Desk(NamedTuple):
    """Where one step works: its log, and the flag that calls it off."""

    output: Output
    cancel: Cancel
