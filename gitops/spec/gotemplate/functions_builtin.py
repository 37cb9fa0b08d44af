"""Go's own functions: comparison, index, length, print and escaping.

Semantics: https://pkg.go.dev/text/template#hdr-Functions
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from gitops.spec.gotemplate.faults import Complaint
from gitops.spec.gotemplate.printf import printf
from gitops.spec.gotemplate.printing import show
from gitops.spec.gotemplate.signature import Function
from gitops.spec.gotemplate.values import Missing, kind_of, truth, type_of

HTML = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&#34;",
    "'": "&#39;",
    "\0": "\N{REPLACEMENT CHARACTER}",
}
JS = {char: f"\\u{ord(char):04X}" for char in "<>&="} | {"\\": "\\\\", "'": "\\'", '"': '\\"'}
SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~")


def same(left: object, right: object) -> bool:
    """Return whether two values are equal; complain, as Go does, when their kinds differ."""
    if left is None or right is None:
        return left is right
    if kind_of(left) != kind_of(right) or isinstance(left, list | dict):
        raise Complaint(
            f"a {type_of(left)} cannot be compared with a {type_of(right)}",
            "bring both to one type with toString or int, or use deepEqual",
        )
    return left == right


def eq(first: object, *others: object) -> bool:
    """Return whether the first value equals any of the others."""
    if not others:
        raise Complaint("there is nothing to compare with")
    return any(same(first, other) for other in others)


def less(left: object, right: object) -> bool:
    """Return whether one number, text or time comes before another of the same kind."""
    if kind_of(left) == kind_of(right):
        if isinstance(left, str) and isinstance(right, str):
            return left < right
        if isinstance(left, bool) or isinstance(right, bool):
            raise Complaint("bools have no order")
        if isinstance(left, int | float | Decimal) and isinstance(right, int | float | Decimal):
            return left < right
        if isinstance(left, datetime) and isinstance(right, datetime):
            return left < right
    raise Complaint(
        f"a {type_of(left)} and a {type_of(right)} have no order",
        "bring both to one type with toString or int",
    )


def size(value: object) -> int:
    """Return the length of a list or mapping, or of a text in bytes."""
    if isinstance(value, str):
        return len(value.encode("utf-8", "replace"))
    if isinstance(value, list | dict):
        return len(value)
    raise Complaint(f"a {type_of(value)} has no length")


def index(value: object, *keys: object) -> object:
    """Return what `value[key][key]...` is; a key that is not there is missing."""
    path = "(index)"
    for key in keys:
        path = f"{path}.{show(key)}"
        if isinstance(value, dict) and isinstance(key, str):
            value = value[key] if key in value else Missing(path, tuple(value))
        elif isinstance(value, list | str) and isinstance(key, int) and not isinstance(key, bool):
            found = value if isinstance(value, list) else list(value.encode("utf-8", "replace"))
            if not 0 <= key < len(found):
                raise Complaint(f"index {key} is out of range: there are {len(found)} items")
            value = found[key]
        elif isinstance(value, Missing):
            value = Missing(path, value.known)
        else:
            raise Complaint(f"a {type_of(value)} has no item {show(key)}")
    return value


def cut(value: object, *bounds: int) -> object:
    """Return `value[from:to]` of a text or list; the bounds may not lie outside of it."""
    if not isinstance(value, str | list):
        raise Complaint(f"a {type_of(value)} cannot be sliced")
    start = bounds[0] if bounds else 0
    end = bounds[1] if len(bounds) > 1 else len(value)
    if len(bounds) > 2 or not 0 <= start <= end <= len(value):  # noqa: PLR2004 - from and to
        raise Complaint(f"{list(bounds)} are not bounds in a value of length {len(value)}")
    return value[start:end]


def joined(*values: object) -> str:
    """Return values as Go's Sprint: a space between two neither of which is a text."""
    parts: list[str] = []
    for place, value in enumerate(values):
        if place and not isinstance(value, str) and not isinstance(values[place - 1], str):
            parts.append(" ")
        parts.append(show(value))
    return "".join(parts)


def line(*values: object) -> str:
    """Return values as Go's Sprintln: spaces between all of them, and a line end."""
    return f"{' '.join(map(show, values))}\n"


def urlquery(*values: object) -> str:
    """Return values as they stand in a URL's query: a space is `+`."""
    raw = joined(*values).encode("utf-8", "replace")
    return "".join(
        chr(byte) if chr(byte) in SAFE else "+" if byte == ord(" ") else f"%{byte:02X}"
        for byte in raw
    )


def escaped(table: dict[str, str]) -> Callable[..., str]:
    """Return a function that prints its arguments with some characters replaced."""
    return lambda *values: "".join(table.get(char, char) for char in joined(*values))


FUNCTIONS = {
    "and": Function(lambda *values: values[-1], "m*"),
    "or": Function(lambda *values: values[-1], "m*"),
    "not": Function(lambda value: not truth(value), "m"),
    "eq": Function(eq, "mm*"),
    "ne": Function(lambda left, right: not same(left, right), "mm"),
    "lt": Function(less, "aa"),
    "le": Function(lambda left, right: not less(right, left), "aa"),
    "gt": Function(lambda left, right: less(right, left), "aa"),
    "ge": Function(lambda left, right: not less(left, right), "aa"),
    "len": Function(size, "a"),
    "index": Function(index, "aa*"),
    "slice": Function(cut, "ai*"),
    "print": Function(joined, "a*"),
    "println": Function(line, "a*"),
    "printf": Function(printf, "sa*"),
    "html": Function(escaped(HTML), "a*"),
    "js": Function(escaped(JS | {chr(code): f"\\u{code:04X}" for code in range(32)}), "a*"),
    "urlquery": Function(urlquery, "a*"),
}
