"""Steps and plans that tests carry out."""

from __future__ import annotations

from gitops.model.actions import Action, RemoveContainer, StartContainer
from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.observed import Inputs
from gitops.model.plan import Plan, Step
from gitops.spec.decode.place import LOCAL

SHOP = Address("WebApp", "shop")
EMPTY = Bundle("shop", {LOCAL.address: LOCAL}, {}, ())
INPUTS = Inputs({}, {}, {}, 1000.0)


def start(number: int, *after: int, undo: bool = False, address: Address = SHOP) -> Step:
    """Return a step that starts container `cNUMBER`; its undo removes it."""
    otherwise: tuple[Action, ...] = (RemoveContainer("local", f"c{number}"),) if undo else ()
    action = StartContainer("local", f"c{number}")
    return Step(number, address, action, "a test", after, otherwise, f"wish-{number}")


def plan(*steps: Step) -> Plan:
    """Return a plan of these steps."""
    return Plan("shop", steps, {}, {}, {})
