"""Sprig's functions of lists (https://masterminds.github.io/sprig/lists.html).

No function changes the list that it is given.
"""

from __future__ import annotations

from gitops.spec.gotemplate.faults import Complaint
from gitops.spec.gotemplate.functions_numbers import integer
from gitops.spec.gotemplate.functions_types import equal
from gitops.spec.gotemplate.limits import check_items
from gitops.spec.gotemplate.printing import show
from gitops.spec.gotemplate.signature import Function
from gitops.spec.gotemplate.values import truth

SEARCHED = 2_000
"""Items that `uniq` and `without` go through: each is compared with every other."""


def until_step(start: int, stop: int, step: int) -> list[object]:
    """Return the numbers from start up to, but not including, stop; none when step leads away."""
    if (stop < start and step >= 0) or (stop >= start and step <= 0):
        return []
    check_items(len(range(start, stop, step)))
    return list(range(start, stop, step))


def sequence(*bounds: object) -> str:
    """Return numbers as the command `seq` prints them, on one line: `seq [first [step]] last`."""
    numbers = [integer(bound) for bound in bounds]
    if not numbers:
        return ""
    first, last = (numbers[0] if numbers[1:] else 1), numbers[-1]
    away = -1 if last < first else 1
    step = numbers[1] if numbers[2:] else away
    if len(numbers) > 3 or (numbers[2:] and away < 0 < step):  # noqa: PLR2004 - first, step, last
        return ""
    return " ".join(map(str, until_step(first, last + away, step)))


def without(items: list[object], *unwanted: object) -> list[object]:
    """Return the items that equal none of some values."""
    _check_searched(items)
    return [each for each in items if not any(equal(each, other) for other in unwanted)]


def unique(items: list[object]) -> list[object]:
    """Return the items, each of equal ones once."""
    _check_searched(items)
    kept: list[object] = []
    for each in items:
        if not any(equal(each, other) for other in kept):
            kept.append(each)
    return kept


def _check_searched(items: list[object]) -> None:
    if len(items) > SEARCHED:
        raise Complaint(f"a list of {len(items)} items is too long: the limit here is {SEARCHED}")


def concat(*lists: object) -> list[object]:
    """Return the items of all lists."""
    found: list[object] = []
    for each in lists:
        if not isinstance(each, list):
            raise Complaint(f"{show(each)} is not a list")
        found.extend(each)
    return found


def part(items: list[object], *bounds: object) -> list[object]:
    """Return `items[from:to]`; the bounds may not lie outside of it."""
    start = integer(bounds[0]) if bounds else 0
    end = integer(bounds[1]) if bounds[1:] else len(items)
    if bounds[2:] or not 0 <= start <= end <= len(items):
        raise Complaint(f"{list(bounds)} are not bounds in a list of {len(items)} items")
    return items[start:end]


def chunks(length: int, items: list[object]) -> list[object]:
    """Return the list in lists of a length; the last may be shorter."""
    if length < 1:
        raise Complaint(f"the length of a chunk is 1 or more, not {length}")
    return [items[at : at + length] for at in range(0, len(items), length)]


def until(count: object) -> list[object]:
    """Return the numbers from 0 up to, but not including, the count; it may be negative."""
    stop = integer(count)
    return until_step(0, stop, -1 if stop < 0 else 1)


FUNCTIONS = {
    "list": Function(lambda *items: list(items), "a*"),
    "tuple": Function(lambda *items: list(items), "a*"),
    "first": Function(lambda items: items[0] if items else None, "l"),
    "last": Function(lambda items: items[-1] if items else None, "l"),
    "rest": Function(lambda items: items[1:], "l"),
    "initial": Function(lambda items: items[:-1], "l"),
    "append": Function(lambda items, item: [*items, item], "la"),
    "push": Function(lambda items, item: [*items, item], "la"),
    "prepend": Function(lambda items, item: [item, *items], "la"),
    "concat": Function(concat, "a*"),
    "reverse": Function(lambda items: items[::-1], "l"),
    "uniq": Function(unique, "l"),
    "without": Function(without, "la*"),
    "has": Function(lambda item, items: any(equal(item, each) for each in items), "al"),
    "compact": Function(lambda items: [each for each in items if truth(each)], "l"),
    "slice": Function(part, "la*"),
    "chunk": Function(chunks, "il"),
    "until": Function(until, "a"),
    "untilStep": Function(until_step, "iii"),
    "seq": Function(sequence, "a*"),
}
