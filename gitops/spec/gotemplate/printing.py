"""Prints values as Go's `%v` and `%q` do (https://pkg.go.dev/fmt)."""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal

QUOTED = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
SMALL, LARGE = -4, 6
"""From which power of ten on a float has no exponent, and from which it has one again."""
ASCII, SHORT = 0x80, 0x10000


def show(value: object) -> str:
    """Return a value as Go's `%v` prints it: `true`, `1e+06`, `[a b]`, `map[a:1]`, `<nil>`."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"[{' '.join(map(show, value))}]"
    if type(value) is dict:
        return f"map[{' '.join(f'{key}:{show(value[key])}' for key in sorted(value))}]"
    if isinstance(value, float):
        return show_float(value)
    return _single(value)


def _single(value: object) -> str:
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S %z %Z}"
    return str(value)


def show_float(value: float) -> str:
    """Return a float as `%v` prints it: shortest digits, an exponent below -4 and from 6 on."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'+' if value > 0 else '-'}Inf"
    digits, exponent = _digits(value)
    if SMALL <= exponent < LARGE:
        return plain_float(value)
    sign = "-" if math.copysign(1, value) < 0 else ""
    mantissa = digits[0] + (f".{digits[1:]}" if digits[1:] else "")
    return f"{sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def plain_float(value: float) -> str:
    """Return the shortest digits of a float without an exponent: `1000000`, `0.25`."""
    text = f"{Decimal(repr(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _digits(value: float) -> tuple[str, int]:
    number = Decimal(repr(value)).normalize()
    return "".join(map(str, number.as_tuple().digits)), number.adjusted()


def quote(text: str) -> str:
    """Return a text in double quotes with Go's escapes, as `%q` prints it."""
    return f'"{"".join(map(_escaped, text))}"'


def quote_ascii(text: str) -> str:
    """Return a text in double quotes with nothing but ASCII in it, as `%+q` prints it."""
    return (
        f'"{"".join(_by_number(char) if ord(char) >= ASCII else _escaped(char) for char in text)}"'
    )


def quote_rune(char: str) -> str:
    """Return a character in single quotes, as `%q` prints a number."""
    escaped = char if char == '"' else "\\'" if char == "'" else _escaped(char)
    return f"'{escaped}'"


def back_quoted(text: str) -> str:
    """Return a text in back quotes, as `%#q` prints it; empty for one that needs escapes."""
    plain = "`" not in text and all(char.isprintable() or char == "\t" for char in text)
    return f"`{text}`" if plain else ""


def source(value: object) -> str:
    """Return a value as Go's source has it, as `%#v` prints it."""
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, list):
        return f"[]interface {{}}{{{', '.join(map(source, value))}}}"
    if type(value) is dict:
        pairs = ", ".join(f"{quote(key)}:{source(value[key])}" for key in sorted(value))
        return f"map[string]interface {{}}{{{pairs}}}"
    return "<nil>" if value is None else show(value)


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char in QUOTED:
        return QUOTED[char]
    if char.isprintable():
        return char
    return _by_number(char)


def _by_number(char: str) -> str:
    code = ord(char)
    if code < ASCII:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < SHORT else f"\\U{code:08x}"
