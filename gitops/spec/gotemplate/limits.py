"""How far a template may go: a task file may come from a stranger's pull request."""

from __future__ import annotations

from gitops.spec.gotemplate.faults import Complaint

OUTPUT = 10_000_000
"""Characters of the whole output."""
TEXT = 1_000_000
"""Characters of one value."""
ITEMS = 100_000
"""Items of one list or mapping, those inside it included."""
WORK = 2_000_000
"""Steps of one rendering: nodes, items and pieces of text looked at. A few seconds at worst."""
CALLS = 50
"""Templates calling templates, one inside the other."""
NESTING = 60
"""Parentheses and blocks inside each other."""
WIDTH = 10_000
"""Width and precision in a printf verb, and how far one indents."""


def check_size(length: int) -> None:
    """Complain about a text that would be too long, before it is made."""
    if length > TEXT:
        raise Complaint(f"a text of {length} characters is too long: the limit is {TEXT}")


def check_output(length: int) -> None:
    """Complain about texts that are too long together."""
    if length > OUTPUT:
        raise Complaint(f"texts of {length} characters are too long: the limit is {OUTPUT}")


def check_items(count: int) -> None:
    """Complain about a list that would be too long, before it is made."""
    if count > ITEMS:
        raise Complaint(f"a list of {count} items is too long: the limit is {ITEMS}")


def weight(value: object) -> int:
    """Return what it costs to go through a value once; complain when it holds too many items.

    A shared item counts as often as it is reached: that is how often printing would meet it.
    """
    if isinstance(value, str):
        check_size(len(value))
        return len(value) // 64
    left, total, items, characters = [value], 0, 0, 0
    while left:
        each = left.pop()
        total += 1
        if isinstance(each, str):
            total += len(each) // 64
            characters += len(each)
            check_output(characters)
        if isinstance(each, list):
            left.extend(each)
        elif isinstance(each, dict):
            left.extend(each.values())
        items += 1
        check_items(items + len(left))
    return total
