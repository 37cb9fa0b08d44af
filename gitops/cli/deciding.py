"""What `plan`, `reconcile`, `status` and `down` have in common: a world, a memory, a decision."""

from __future__ import annotations

import time
from typing import NamedTuple

from gitops.cli.loading import entry_of, read_bundle, settings
from gitops.cli.options import SpecOptions
from gitops.engine.decide import Decision, decide
from gitops.engine.ports import World
from gitops.engine.watch.polling import PolledSources
from gitops.model.bundle import Bundle
from gitops.settings import Settings
from gitops.store.store import Store
from gitops.wiring.first_look import FirstLook
from gitops.wiring.memory import open_store
from gitops.wiring.worlds import open_world


class Seat(NamedTuple):
    """Where a command works from."""

    settings: Settings
    bundle: Bundle
    world: World
    store: Store


def take_seat(bundle: Bundle, chosen: Settings, first: FirstLook | None = None) -> Seat:
    """Return the world and the memory of a bundle; neither is touched yet."""
    world = open_world(bundle, chosen, first=first)
    # A run decides several times; a remote is asked once, above all one that does not answer.
    world = world._replace(sources=PolledSources(world.sources, time.monotonic))
    return Seat(chosen, bundle, world, open_store(bundle.project, chosen))


def read_seat(specs: SpecOptions) -> Seat:
    """Return the seat for the bundle of `specs`; the engine is looked at while they are read.

    Prints what is wrong and ends the command if there is no bundle.
    """
    chosen = settings()
    first = FirstLook(entry_of(specs).project, chosen)
    return take_seat(read_bundle(specs), chosen, first)


def decide_from(seat: Seat, *, allow_mass_removal: bool = False) -> Decision:
    """Look, and return what should be done."""
    return decide(seat.bundle, seat.world, seat.store, allow_mass_removal=allow_mass_removal)
