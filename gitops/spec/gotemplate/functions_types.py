"""Sprig's functions of types, defaults and choices.

Sources: https://masterminds.github.io/sprig/defaults.html, .../reflection.html.
"""

from __future__ import annotations

from gitops.spec.gotemplate.faults import Complaint
from gitops.spec.gotemplate.signature import Function
from gitops.spec.gotemplate.values import kind_of, truth, type_of


def equal(left: object, right: object) -> bool:
    """Return whether two values are of one type and equal, all the way down."""
    if kind_of(left) != kind_of(right):
        return False
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        same_keys = left.keys() == right.keys()
        return same_keys and all(equal(each, right[key]) for key, each in left.items())
    return left == right


def default(fallback: object, *given: object) -> object:
    """Return the given value, or the fallback when there is none or it is empty."""
    return given[0] if given and truth(given[0]) else fallback


def coalesce(*values: object) -> object:
    """Return the first value that is not empty, or nil."""
    return next((each for each in values if truth(each)), None)


def ternary(yes: object, no: object, choice: object) -> object:
    """Return the first value when the last one is true, else the second."""
    if not isinstance(choice, bool) and choice is not None:
        raise Complaint(
            f"its last argument is a bool, not a {type_of(choice)}", "test a text with `eq`"
        )
    return yes if choice else no


def fail(message: str) -> object:
    """Complain with the template's own message."""
    raise Complaint(message)


def required(message: str, value: object) -> object:
    """Return a value; complain with the template's own message when it is nil or an empty text."""
    if value is None or value == "":
        raise Complaint(message)
    return value


FUNCTIONS = {
    "default": Function(default, "mm?"),
    "empty": Function(lambda value: not truth(value), "m"),
    "coalesce": Function(coalesce, "m*"),
    "all": Function(lambda *values: all(map(truth, values)), "m*"),
    "any": Function(lambda *values: any(map(truth, values)), "m*"),
    "ternary": Function(ternary, "mmm"),
    "fail": Function(fail, "s"),
    "required": Function(required, "sm"),
    "kindOf": Function(kind_of, "a"),
    "kindIs": Function(lambda kind, value: kind_of(value) == kind, "sa"),
    "typeOf": Function(type_of, "a"),
    "typeIs": Function(lambda name, value: type_of(value) == name, "sa"),
    "typeIsLike": Function(lambda name, value: type_of(value) == name.lstrip("*"), "sa"),
    "deepEqual": Function(equal, "aa"),
}
