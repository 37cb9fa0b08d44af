"""What `plan`, `reconcile`, `status` and `down` have in common: a world, a memory, a decision."""

from __future__ import annotations

from typing import NamedTuple

from gitops.engine.decide import Decision, decide
from gitops.engine.ports import World
from gitops.model.bundle import Bundle
from gitops.settings import Settings
from gitops.store.store import Store
from gitops.wiring.memory import open_store
from gitops.wiring.worlds import open_world


class Seat(NamedTuple):
    """Where a command works from."""

    settings: Settings
    bundle: Bundle
    world: World
    store: Store


def take_seat(bundle: Bundle, settings: Settings) -> Seat:
    """Return the world and the memory of a bundle; neither is touched yet."""
    return Seat(
        settings, bundle, open_world(bundle, settings), open_store(bundle.project, settings)
    )


def decide_from(seat: Seat, *, allow_mass_removal: bool = False) -> Decision:
    """Look, and return what should be done."""
    return decide(seat.bundle, seat.world, seat.store, allow_mass_removal=allow_mass_removal)
