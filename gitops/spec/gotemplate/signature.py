"""What a function takes: the kinds of its parameters, checked before it is called.

Kinds: `s` text, `i` whole number, `l` list, `d` mapping, `a` anything that is given, `m` anything,
also a key that is missing (as nil), `D` a mapping, or nothing for one that is missing. A `*` at
the end repeats the last kind any number of times, none included; a `?` makes it optional.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gitops.spec.gotemplate.faults import Complaint
from gitops.spec.gotemplate.values import Missing, absent, type_of

NAMES = {"s": "string", "i": "int", "l": "list", "d": "dict", "D": "dict"}
TYPES: dict[str, type] = {"s": str, "i": int, "l": list, "d": dict, "D": dict}
HINTS = {"s": "make it a text with toString", "i": "make it a number with int"}


class Function(NamedTuple):
    """A function of the language and the kinds of its parameters."""

    call: Callable[..., object]
    kinds: str

    def arguments(self, given: list[object]) -> list[object]:
        """Return the arguments to call with; complain about their number or their kinds."""
        kinds, last = self.kinds, self.kinds[-1:]
        if last in {"*", "?"}:
            kinds = kinds[:-1]
        least = len(kinds) - (last in {"*", "?"})
        most = max(len(kinds), len(given)) if last == "*" else len(kinds)
        if not least <= len(given) <= most:
            wanted = f"at least {least}" if last == "*" else str(least)
            raise Complaint(f"it takes {wanted} arguments, and {len(given)} are given")
        kinds += kinds[-1:] * (len(given) - len(kinds))
        return [_checked(kind, value) for kind, value in zip(kinds, given, strict=False)]


def _checked(kind: str, value: object) -> object:
    if isinstance(value, Missing):
        if kind in "mD":
            return {} if kind == "D" else None
        raise absent(value)
    wanted = TYPES.get(kind)
    if wanted and (not isinstance(value, wanted) or (kind == "i" and isinstance(value, bool))):
        found = "nil" if value is None else f"a value of type {type_of(value)}"
        raise Complaint(f"it wants a {NAMES[kind]} and is given {found}", HINTS.get(kind, ""))
    return value
