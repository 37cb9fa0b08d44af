"""What a person's wish means: which notes it writes and takes away, or why it cannot be had."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from gitops.model.actions import EraseNote, WriteNote
from gitops.model.address import Address
from gitops.model.notes import HISTORY, HOLD, STOP
from gitops.model.plan import Plan, Step
from gitops.model.revisions import Content, Hold, Revision
from gitops.model.wanted import WantedApp
from gitops.plan.deploys.content import placed
from gitops.plan.deploys.holds import Notes, described, hold_note, hold_of, in_force
from gitops.plan.deploys.revisions import revisions


class RefusedError(ValueError):
    """A wish that cannot be had, in words for whoever had it."""


class Asked(NamedTuple):
    """Who wants it, why, and since when (seconds since 1970)."""

    by: str
    reason: str
    now: float


class Spot(NamedTuple):
    """A place of an app: `spec` is the hash of what the user wrote of it, `config` that of the
    container that stands for what runs there (empty: nothing), `bad` are its failed inputs.
    """

    app: WantedApp
    spec: str
    notes: Notes
    config: str
    bad: Mapping[str, str]

    @property
    def address(self) -> Address:
        """The place's address."""
        return self.app.address

    @property
    def history(self) -> tuple[Revision, ...]:
        """The revisions that are kept, newest first."""
        return revisions(self.notes.get((HISTORY, self.address.name)))

    @property
    def current(self) -> Revision | None:
        """The revision that runs; while nothing does, the one that ran last."""
        kept = self.history
        if not self.config:
            return kept[0] if kept else None
        return next((one for one in kept if one.config == self.config), None)

    @property
    def hold(self) -> Hold | None:
        """The rollback or swap that is in force."""
        return in_force(self.notes, self.app.spec, self.spec)

    @property
    def stopped(self) -> Hold | None:
        """The stop that is in force."""
        return hold_of(self.notes, self.address.name, STOP)


class Change(NamedTuple):
    """One note that is written or taken away; `undo` is what puts back what was there."""

    address: Address
    action: WriteNote | EraseNote
    because: str
    undo: WriteNote | EraseNote


class Wish(NamedTuple):
    """A wish worked out: the places that it is about, its notes, and what it is in words.

    Without changes there is nothing to do, and `told` says why.
    """

    addresses: frozenset[Address]
    changes: tuple[Change, ...]
    told: str


def rollback(spot: Spot, number: int, asked: Asked) -> Wish:
    """Return the wish for an earlier revision; `number` 0 is the one before that which runs."""
    found = _numbered(spot, number) if number else _before(spot)
    if spot.config and found.config == spot.config:
        told = f"{spot.address} runs revision {found.number} already"
        return Wish(frozenset({spot.address}), (), told)
    if found.config in spot.bad:
        raise RefusedError(
            f"revision {found.number} of {spot.address} failed when it was last tried:"
            f" {spot.bad[found.config].partition(chr(10))[0]};"
            f" `gitops reconcile --retry {spot.address}` forgets that"
        )
    hold = Hold(
        "rollback", asked.by, asked.reason, asked.now, spot.spec, found.number, found.content
    )
    told = f"{spot.address} is rolled back to revision {found.number}"
    return Wish(frozenset({spot.address}), (_written(spot, hold),), told)


def swap(
    production: Spot, slot: Spot, asked: Asked, own: Mapping[Address, Content] | None = None
) -> Wish:
    """Return the wish that two places change contents.

    `own` is what each would run by the spec alone: where that is the outcome, no hold is needed.
    """
    name = slot.app.spec.slot
    _may_swap(production, slot)
    spots = (production, slot)
    contents = (_newest(slot), _newest(production))
    addresses = frozenset(spot.address for spot in spots)
    told = f"{production.address} and {slot.address} have changed contents"
    if own is not None and all(
        _same(content, own[spot.address], spot)
        for spot, content in zip(spots, contents, strict=True)
    ):
        return Wish(addresses, tuple(_lifted(spots, HOLD, "swapped back to the spec")), told)
    # Without the slot's name a swap leads back: each place runs a content of its own line.
    mark = "" if production.app.line == name else name
    holds = (
        Hold("swap", asked.by, asked.reason, asked.now, spot.spec, 0, content, mark)
        for spot, content in zip(spots, contents, strict=True)
    )
    first, second = (_written(spot, hold) for spot, hold in zip(spots, holds, strict=True))
    # Half a swap must be none: the slot's hold counts only beside production's (`in_force`).
    return Wish(addresses, (second, first), told)


def resume(spots: Sequence[Spot], address: Address, asked: Asked) -> Wish:
    """Return the wish that the spec holds again. `spots` are production and its slots.

    Production speaks for its slots; a slot that is swapped comes with production.
    """
    production = spots[0]
    one = next(spot for spot in spots if spot.address == address)
    mine = spots if one is production else (one,)
    if one.hold is not None and one.hold.kind == "swap" and one is not production:
        mine = (production, one)
    why = f"{asked.by} lets the spec hold again" + (f": {asked.reason}" if asked.reason else "")
    changes = tuple(_lifted(mine, HOLD, why))
    if changes:
        addresses = frozenset(change.address for change in changes)
        return Wish(addresses, changes, f"{address} follows its spec again")
    told = f"{address} is not held: it follows its spec"
    if one.stopped is not None:
        told = f"{address} is not held, but {described(one.stopped)}: `gitops start {address}`"
    return Wish(frozenset({address}), (), told)


def stop(spot: Spot, asked: Asked) -> Wish:
    """Return the wish that an app does not run until it is started."""
    if spot.stopped is not None:
        told = f"{spot.address} is {described(spot.stopped)} already"
        return Wish(frozenset({spot.address}), (), told)
    kept = spot.history
    # With its content, it can stop though what the spec wants now cannot be made.
    content = kept[0].content if kept else None
    hold = Hold("stop", asked.by, asked.reason, asked.now, "", 0, content)
    return Wish(frozenset({spot.address}), (_written(spot, hold),), f"{spot.address} is stopped")


def start(spot: Spot, asked: Asked) -> Wish:
    """Return the wish that a stopped app runs again."""
    changes = tuple(_lifted([spot], STOP, f"{asked.by} starts it"))
    told = f"{spot.address} runs again" if changes else f"{spot.address} is not stopped"
    return Wish(frozenset({spot.address}), changes, told)


def undone(wish: Wish, why: str) -> tuple[Change, ...]:
    """Return the changes that put the notes back as they were, the last one first."""
    return tuple(
        Change(change.address, change.undo, why, change.action) for change in reversed(wish.changes)
    )


def led_by(plan: Plan, changes: Sequence[Change]) -> Plan:
    """Return the plan with the notes written first: a run that is killed then goes on with them."""
    last = (len(changes),) if changes else ()
    leading = (
        Step(number, change.address, change.action, change.because, (number - 1,)[: number - 1])
        for number, change in enumerate(changes, 1)
    )
    numbers = {step.number: at for at, step in enumerate(plan.steps, len(changes) + 1)}
    rest = (
        step._replace(
            number=numbers[step.number], after=tuple(numbers[one] for one in step.after) or last
        )
        for step in plan.steps
    )
    return plan._replace(steps=(*leading, *rest))


def _numbered(spot: Spot, number: int) -> Revision:
    found = next((one for one in spot.history if one.number == number), None)
    if found is None:
        kept = ", ".join(str(one.number) for one in spot.history) or "none"
        raise RefusedError(
            f"{spot.address} has no revision {number}; kept are: {kept}"
            f" (`gitops history {spot.address}`)"
        )
    return found


def _before(spot: Spot) -> Revision:
    """Return the revision that served before the one that runs."""
    kept, current = spot.history, spot.current
    earlier = kept[kept.index(current) + 1 :] if current is not None else kept
    if not earlier:
        if current is None:
            raise RefusedError(f"no revision of {spot.address} has served yet")
        raise RefusedError(
            f"revision {current.number} of {spot.address} is the oldest that is kept: there is"
            f" none before it (`gitops history {spot.address}`)"
        )
    return earlier[0]


def _may_swap(production: Spot, slot: Spot) -> None:
    other = production.app.line
    name = slot.app.spec.slot
    if other not in ("", name):
        raise RefusedError(
            f"{production.address} runs what slot {other} had; swap that back first"
            f" (`gitops swap {production.address} {other}`), or let the spec hold again"
            f" (`gitops resume {production.address}`)"
        )
    for spot in (production, slot):
        if spot.stopped is not None:
            raise RefusedError(
                f"{spot.address} is {described(spot.stopped)}; `gitops start {spot.address}` first"
            )
        if not spot.history:
            raise RefusedError(f"{spot.address} has never served, so there is nothing to swap")


def _newest(spot: Spot) -> Content:
    return (spot.current or spot.history[0]).content


def _same(content: Content, own: Content, spot: Spot) -> bool:
    """Say whether a content is what the spec says; another commit of the same image is no other."""
    here = placed(content, spot.app.spec)
    return here._replace(commit="") == placed(own, spot.app.spec)._replace(commit="")


def _written(spot: Spot, hold: Hold) -> Change:
    note = hold_note(spot.notes, spot.address.name, hold)
    target = spot.app.target
    before = spot.notes.get((note.topic, note.name))
    undo: WriteNote | EraseNote = EraseNote(target, note.topic, note.name)
    if before is not None:
        undo = WriteNote(target, before._replace(version=note.version + 1))
    return Change(spot.address, WriteNote(target, note), described(hold), undo)


def _lifted(spots: Iterable[Spot], topic: str, why: str) -> Iterator[Change]:
    for spot in spots:
        before = spot.notes.get((topic, spot.address.name))
        if before is not None:
            target = spot.app.target
            undo = WriteNote(target, before._replace(version=before.version + 1))
            yield Change(spot.address, EraseNote(target, topic, spot.address.name), why, undo)
