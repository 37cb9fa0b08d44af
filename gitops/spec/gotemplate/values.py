"""The values of a template: absence, truth, kinds and names of types, as Go sees them.

Go's nil, bool, int, float64, string, map and slice are None, bool, int, float or Decimal, str, dict
and list here; a time is a datetime with its zone.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from gitops.spec.gotemplate.faults import Complaint
from gitops.spec.nearest import nearest

SURROGATES = range(0xD800, 0xE000)
_KINDS = (
    (bool, "bool"),
    (int, "int"),
    (float | Decimal, "float64"),
    (str, "string"),
    (dict, "map"),
    (list, "slice"),
    (datetime, "struct"),
)
LOWEST, HIGHEST = -(2**63), 2**63 - 1


class Missing(NamedTuple):
    """A key that nobody gave: what was asked for, and the keys that were there instead."""

    path: str
    known: tuple[str, ...] = ()


def absent(missing: Missing) -> Complaint:
    """Return the complaint about a key that was needed and is not given."""
    hint = nearest(missing.path.rpartition(".")[2], missing.known, "given are")
    return Complaint(f"{missing.path} is not given", hint, missing.path.lstrip("$"))


def plain(value: object) -> object:
    """Return a copy of given data in the types of this module; complain about any other type."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if value is None or isinstance(value, str | bool | int | float | Decimal | datetime):
        return value
    raise Complaint(f"the data hold a {type(value).__name__}, which a template cannot use")


def truth(value: object) -> bool:
    """Return whether Go takes a value for true: not nil, zero, false or empty."""
    return not isinstance(value, Missing) and bool(value)


def kind_of(value: object) -> str:
    """Return the name of a value's kind, as reflect.Kind prints it."""
    return next((name for of, name in _KINDS if isinstance(value, of)), "invalid")


def type_of(value: object) -> str:
    """Return the name of a value's type, as Go's %T prints it."""
    kind = kind_of(value)
    names = {
        "map": "map[string]interface {}",
        "slice": "[]interface {}",
        "struct": "time.Time",
        "invalid": "<nil>",
    }
    return names.get(kind, kind)


def character(code: int) -> str:
    """Return the character of a code point; complain when there is none."""
    if not 0 <= code <= sys.maxunicode or code in SURROGATES:
        raise Complaint(f"{code} is not a character")
    return chr(code)


def whole(value: int) -> int:
    """Return a number that fits in 64 bits; complain about any other, where Go would wrap round."""
    if not LOWEST <= value <= HIGHEST:
        raise Complaint("the number does not fit in 64 bits")
    return value
