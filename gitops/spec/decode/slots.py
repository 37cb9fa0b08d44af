"""Slots: full instances of an app beside production, and what moves between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gitops.model.secret import SecretRef
from gitops.model.webapp import Slot
from gitops.spec.decode.container import decode_env, decode_image
from gitops.spec.findings import Path, shown
from gitops.spec.scope import EMPTY, Scope, Spec

PRODUCTION = "production"
_LABEL = 63


class Stage(NamedTuple):
    """The app that slots stand beside: its name, host names, variables and replicas."""

    app: str
    hosts: tuple[str, ...]
    env: Mapping[str, str | SecretRef]
    replicas: int


def decode_slots(found: Sequence[Spec], stage: Stage, scope: Scope) -> tuple[Slot, ...]:
    """Return the slots; a host, image or number that is left out is made from the app's."""
    slots = []
    taken = {PRODUCTION}
    for number, slot in enumerate(found):
        path: Path = ("spec", "slots", number)
        name = slot["name"]
        _check_name(name, taken, (*path, "name"), scope)
        if len(stage.app) + 1 + len(name) > _LABEL:
            message = f"{stage.app}-{name} is longer than {_LABEL} characters"
            scope.complain((*path, "name"), message, "give the slot a shorter name")
        taken.add(name)
        slots.append(
            Slot(
                name,
                decode_image(slot["image"]) if "image" in slot else None,
                decode_env(slot.get("env", EMPTY), scope),
                _hosts(slot, stage, path, scope),
                int(slot.get("replicas", stage.replicas)),
                slot.get("autoSwap", False),
            )
        )
    return tuple(slots)


def _check_name(name: str, taken: set[str], path: Path, scope: Scope) -> None:
    if name in taken:
        what = "what the app itself is called" if name == PRODUCTION else "the name of another slot"
        scope.complain(path, f"{shown(name)} is {what}", "give the slot another name")


def _hosts(slot: Spec, stage: Stage, path: Path, scope: Scope) -> tuple[str, ...]:
    if "hosts" in slot:
        return tuple(slot["hosts"])
    if "host" in slot:
        return (slot["host"],)
    label, dot, rest = stage.hosts[0].partition(".")
    if rest == "localhost":
        label = stage.app
    label = f"{label}-{slot['name']}"
    if len(label) > _LABEL:
        message = f"the host {label}{dot}{rest} would have a label of more than {_LABEL} characters"
        scope.complain(path, message, "add host, the host name of this slot")
    return (f"{label}{dot}{rest}",)


def decode_traffic(
    found: Spec, slots: Sequence[Slot], scope: Scope
) -> tuple[tuple[str, float], ...]:
    """Return the percent of requests for each slot that gets some."""
    for name in found:
        _known(name, slots, ("spec", "traffic", name), scope)
    total = float(sum(found.values()))
    if total > 100:  # noqa: PLR2004 - percent
        message = f"{total:g} percent of the requests, where there are 100"
        scope.complain(("spec", "traffic"), message, "what is left of 100 goes to production")
    return tuple(sorted((name, float(share)) for name, share in found.items() if share))


def decode_active(name: str, slots: Sequence[Slot], scope: Scope) -> str:
    """Return the slot whose content serves in production's place; empty for production's own."""
    if name in {"", PRODUCTION}:
        return ""
    _known(name, slots, ("spec", "activeSlot"), scope)
    return name


def _known(name: str, slots: Sequence[Slot], path: Path, scope: Scope) -> None:
    names = list(dict.fromkeys([slot.name for slot in slots]))
    if name not in names:
        there = f"slots here are {', '.join(names)}" if names else "declare it under slots"
        scope.complain(path, f"there is no slot {name}", there, at_key=path[-1] == name)


def decode_sticky(
    found: Sequence[str], stage: Stage, slots: Sequence[Slot], scope: Scope
) -> frozenset[str]:
    """Return the variables that stay with their slot; each is set for the app or for a slot."""
    for number, name in enumerate(found):
        if name not in stage.env and all(name not in slot.env for slot in slots):
            message = f"{shown(name)} is set neither in env nor in the env of a slot"
            hint = "set it, or remove it here; variables of envFile are the same in every slot"
            scope.complain(("spec", "sticky", number), message, hint)
    return frozenset(found)
