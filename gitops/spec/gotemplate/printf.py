"""Go's printf: the verbs that make sense for a template's values (https://pkg.go.dev/fmt)."""

from __future__ import annotations

import re
from decimal import Decimal

from gitops.spec.gotemplate.faults import Complaint
from gitops.spec.gotemplate.limits import WIDTH
from gitops.spec.gotemplate.printing import quote, show
from gitops.spec.gotemplate.values import character, type_of

VERB = re.compile(r"%([-+# 0]*)([0-9]+|\*)?(?:\.([0-9]*|\*))?(.)?", re.DOTALL)
WHOLE = "dboxXc"
FLOAT = "eEfFgG"


def printf(layout: str, *values: object) -> str:
    """Return the values in a layout of verbs; complain about a verb that does not fit its value."""
    left = list(values)

    def filled(match: re.Match[str]) -> str:
        flags, width, precision, verb = match.groups()
        if verb == "%":
            return "%"
        wide = _number(width, left)
        exact = None if precision is None else _number(precision or "0", left)
        if verb is None:
            raise Complaint("the layout ends inside a verb", "write %% for a percent sign")
        if not left:
            raise Complaint(f"there is no value for {match.group()}")
        return _padded(_formatted(verb, flags, exact, left.pop(0)), flags, wide or 0)

    text = VERB.sub(filled, layout)
    if left:
        raise Complaint(f"the layout has no verb for {len(left)} of its values")
    return text


def _number(text: str | None, left: list[object]) -> int | None:
    if text is None:
        return None
    value = (left.pop(0) if left else None) if text == "*" else int(text[:9])
    if not isinstance(value, int) or not 0 <= value <= WIDTH:
        raise Complaint(f"a width or precision is a whole number from 0 to {WIDTH}")
    return value


def _formatted(verb: str, flags: str, exact: int | None, value: object) -> str:
    if verb == "T":
        return type_of(value)
    if verb == "v" or (verb == "s" and isinstance(value, str | list | dict)):
        return show(value)[:exact]
    if verb == "t" and isinstance(value, bool):
        return show(value)
    if verb in "xXq" and isinstance(value, str):
        return quote(value) if verb == "q" else _bytes(verb, value)
    return _number_text(verb, flags, exact, value)


def _bytes(verb: str, value: str) -> str:
    digits = value.encode("utf-8", "replace").hex()
    return digits if verb == "x" else digits.upper()


def _number_text(verb: str, flags: str, exact: int | None, value: object) -> str:
    if verb in WHOLE and isinstance(value, int) and not isinstance(value, bool):
        return _whole(verb, flags, exact, value)
    if verb in FLOAT and isinstance(value, float | Decimal):
        sign = "+" if "+" in flags else ""
        if verb in "gG" and exact is None:
            return sign * (value >= 0) + show(float(value))
        return format(float(value), f"{sign}.{6 if exact is None else exact}{verb}")
    raise Complaint(f"%{verb} does not fit a value of type {type_of(value)}", "%v fits any value")


def _whole(verb: str, flags: str, exact: int | None, value: int) -> str:
    if verb == "c":
        return character(value)
    digits = format(abs(value), verb).rjust(exact or 0, "0")
    prefix = {"x": "0x", "X": "0X", "o": "0", "b": "0b"}.get(verb, "") if "#" in flags else ""
    sign = "-" if value < 0 else "+" if "+" in flags else " " if " " in flags else ""
    return f"{sign}{prefix}{digits}"


def _padded(text: str, flags: str, width: int) -> str:
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags and len(text) < width:
        sign = text[:1] if text[:1] in {"+", "-"} else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)
