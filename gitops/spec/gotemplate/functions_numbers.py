"""Sprig's functions of numbers (https://masterminds.github.io/sprig/math.html).

A text that is not a number is a complaint here; Sprig takes it for 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal

from gitops.spec.gotemplate.faults import Complaint
from gitops.spec.gotemplate.literals import read_number
from gitops.spec.gotemplate.printing import quote
from gitops.spec.gotemplate.signature import Function
from gitops.spec.gotemplate.values import type_of, whole

DECIMALS = 300


def integer(value: object) -> int:
    """Return a value as a whole number of 64 bits: what is behind the point is cut off."""
    if isinstance(value, float | Decimal):
        if not math.isfinite(value):
            raise Complaint("an endless number is not a whole number")
        return whole(int(value))
    if isinstance(value, int):
        return whole(int(value))
    if value is None:
        return 0
    return whole(int(_read(value)))


def decimal(value: object) -> float:
    """Return a value as a float."""
    if isinstance(value, int | float | Decimal):
        return float(value)
    return 0.0 if value is None else float(_read(value))


def _read(value: object) -> int | float:
    if not isinstance(value, str):
        raise Complaint(f"a {type_of(value)} is not a number")
    try:
        # A leading zero is no octal here: Sprig's numbers come from people and dates.
        number = read_number(re.sub(r"^([+-]?)0+(?=[0-9])", r"\1", value))
    except Complaint:
        raise Complaint(f"{quote(value[:50])} is not a number") from None
    if isinstance(number, float) and not math.isfinite(number):
        raise Complaint(f"{quote(value[:50])} is too large a number")
    return number


def atoi(text: str) -> int:
    """Return the whole number that a text holds in base 10."""
    if not re.fullmatch(r"[+-]?[0-9]{1,20}", text):
        raise Complaint(f"{quote(text[:50])} is not a whole number")
    return whole(int(text))


def divide(left: object, right: object) -> int:
    """Return the quotient, cut off towards zero."""
    top, bottom = integer(left), _divisor(right)
    quotient = abs(top) // abs(bottom)
    return whole(quotient if (top < 0) == (bottom < 0) else -quotient)


def modulo(left: object, right: object) -> int:
    """Return the remainder, which has the sign of the dividend."""
    top, bottom = integer(left), abs(_divisor(right))
    return -(-top % bottom) if top < 0 else top % bottom


def _divisor(value: object) -> int:
    number = integer(value)
    if number == 0:
        raise Complaint("division by zero")
    return number


def rounded(value: object, places: int, *limit: object) -> float:
    """Return a number with so many decimals; a rest of `limit` (0.5) and above goes up.

    As in Sprig, the rest of a negative number is negative, so that it always goes down.
    """
    if limit[1:] or abs(places) > DECIMALS:
        raise Complaint("it takes a number, its decimals (up to 300) and from where to round up")
    up = decimal(limit[0]) if limit else 0.5
    number, scale = Decimal(repr(decimal(value))), Decimal(10) ** places
    if not number.is_finite():
        return float(number)
    scaled = number * scale
    rest = scaled - scaled.to_integral_value(ROUND_DOWN)
    way = ROUND_CEILING if rest >= Decimal(repr(up)) else ROUND_FLOOR
    return float(scaled.to_integral_value(way) / scale)


def folded(step: Callable[[int, int], int]) -> Callable[..., int]:
    """Return a function that works through any number of whole numbers, 64 bits at each step."""

    def fold(first: object, *others: object) -> int:
        total = integer(first)
        for other in others:
            total = whole(step(total, integer(other)))
        return total

    return fold


def folded_floats(step: Callable[[Decimal, Decimal], Decimal]) -> Callable[..., float]:
    """Return a function that works through any number of floats by their decimal digits."""

    def fold(first: object, *others: object) -> float:
        total = _exact(first)
        for other in others:
            total = step(total, _exact(other))
        return float(total)

    return fold


def _exact(value: object) -> Decimal:
    number = decimal(value)
    if not math.isfinite(number):
        raise Complaint("an endless number cannot be calculated with")
    return Decimal(repr(number))


def _quotient(left: Decimal, right: Decimal) -> Decimal:
    if not right:
        raise Complaint("division by zero")
    return left / right


def edge(turn: Callable[[float], float]) -> Callable[[object], float]:
    """Return floor or ceil, whose results are floats; an endless number is its own."""

    def turned(value: object) -> float:
        number = decimal(value)
        return float(turn(number)) if math.isfinite(number) else number

    return turned


def octal(value: object) -> int:
    """Return the number that octal digits stand for."""
    text = str(value)
    if not re.fullmatch(r"0?o?[0-7]{1,21}", text):
        raise Complaint(f"{quote(text[:50])} is not an octal number")
    return whole(int(text, 8))


FUNCTIONS = {
    "add": Function(folded(lambda left, right: left + right), "aa*"),
    "add1": Function(lambda value: whole(integer(value) + 1), "a"),
    "sub": Function(lambda left, right: whole(integer(left) - integer(right)), "aa"),
    "div": Function(divide, "aa"),
    "mod": Function(modulo, "aa"),
    "mul": Function(folded(lambda left, right: left * right), "aa*"),
    "max": Function(folded(max), "aa*"),
    "min": Function(folded(min), "aa*"),
    "biggest": Function(folded(max), "aa*"),
    "addf": Function(folded_floats(lambda left, right: left + right), "aa*"),
    "add1f": Function(lambda value: float(_exact(value) + 1), "a"),
    "subf": Function(folded_floats(lambda left, right: left - right), "aa*"),
    "mulf": Function(folded_floats(lambda left, right: left * right), "aa*"),
    "divf": Function(folded_floats(_quotient), "aa*"),
    "maxf": Function(folded_floats(max), "aa*"),
    "minf": Function(folded_floats(min), "aa*"),
    "floor": Function(edge(math.floor), "a"),
    "ceil": Function(edge(math.ceil), "a"),
    "round": Function(rounded, "aia*"),
    "int": Function(integer, "a"),
    "int64": Function(integer, "a"),
    "float64": Function(decimal, "a"),
    "atoi": Function(atoi, "s"),
    "toDecimal": Function(octal, "a"),
}
