"""The plan while it is being made: steps get their numbers here, and nowhere else."""

from __future__ import annotations

from typing import NamedTuple

from gitops.model.actions import Action
from gitops.model.address import Address
from gitops.model.plan import Plan, Step
from gitops.model.wanted import Blocked


class Why(NamedTuple):
    """Why a step is taken, in words; what undoes it, and what it is blamed on: see `Step`."""

    because: str
    undo: tuple[Action, ...] = ()
    wish: str = ""
    mends: bool = False


class Draft:
    """Collects steps in order. `after` may only name steps that are in it, so there is no cycle."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._steps: list[Step] = []
        self._touched: set[Address] = set()
        self._ready: dict[Address, tuple[int, ...]] = {}
        self._in_sync: dict[Address, str] = {}
        self._blocked: dict[Address, Blocked] = {}
        self._suspended: dict[Address, str] = {}
        self._warnings: list[str] = []
        self._unmade: dict[Address, Blocked] = {}

    def add(
        self, address: Address, action: Action, why: str | Why, *, after: tuple[int, ...] = ()
    ) -> int:
        """Add a step and return its number."""
        number = len(self._steps) + 1
        because, otherwise, wish, mends = why if isinstance(why, Why) else Why(why)
        last = tuple(sorted(set(after)))
        self._steps.append(Step(number, address, action, because, last, otherwise, wish, mends))
        self._touched.add(address)
        return number

    def touches(self, address: Address) -> bool:
        """Say whether any step is about `address`."""
        return address in self._touched

    def mentions(self, address: Address) -> bool:
        """Say whether the plan says anything about `address` yet."""
        said = (self._touched, self._in_sync, self._blocked, self._suspended)
        return any(address in where for where in said)

    def ready(self, address: Address) -> tuple[int, ...]:
        """Return the steps after which `address` can be used; none when it can be used now."""
        return self._ready.get(address, ())

    def set_ready(self, address: Address, steps: tuple[int, ...]) -> None:
        """Say after which steps `address` can be used."""
        self._ready[address] = steps

    def sync(self, address: Address, what: str) -> None:
        """Say that nothing is to be done for `address`, and what it is."""
        self._in_sync[address] = what

    def block(self, address: Address, blocked: Blocked) -> Blocked:
        """Say why `address` is left as it is."""
        self._blocked[address] = blocked
        return blocked

    def blocked(self, address: Address) -> Blocked | None:
        """Return why `address` is left as it is, if it is."""
        return self._blocked.get(address)

    def lack(self, address: Address, why: Blocked) -> Blocked:
        """Say that what `address` makes is not there, and that no step of the plan makes it."""
        self._unmade[address] = why
        return why

    def lacking(self, address: Address) -> Blocked | None:
        """Return why what `address` makes is not there and will not be."""
        return self._unmade.get(address)

    def suspend(self, address: Address, why: str) -> None:
        """Say that `address` is left as it is because the user said so."""
        self._suspended[address] = why

    def warn(self, text: str) -> None:
        """Add a line for the reader of the plan."""
        self._warnings.append(text)

    def finish(self, refused: str = "") -> Plan:
        """Return the plan."""
        return Plan(
            self._project,
            tuple(self._steps),
            dict(self._in_sync),
            dict(self._blocked),
            dict(self._suspended),
            tuple(self._warnings),
            refused,
        )


class Chain:
    """Steps of one resource, each after the one before."""

    def __init__(self, draft: Draft, address: Address, after: tuple[int, ...]) -> None:
        self._draft = draft
        self._address = address
        self.last = after

    def join(self, others: tuple[int, ...]) -> None:
        """Let the next step come after these as well."""
        self.last = (*self.last, *others)

    def then(self, action: Action, why: str | Why) -> None:
        """Add a step after the last one."""
        self.last = (self._draft.add(self._address, action, why, after=self.last),)

    def fork(self) -> Chain:
        """Return a chain of its own that begins where this one is."""
        return Chain(self._draft, self._address, self.last)
