"""Sprig's functions of JSON, written as Go's encoding/json writes it (keys in order)."""

from __future__ import annotations

import json
import math
from datetime import datetime
from decimal import Decimal

from gitops.spec.gotemplate.faults import Complaint
from gitops.spec.gotemplate.printing import plain_float
from gitops.spec.gotemplate.signature import Function

HTML = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&"})
LINES = str.maketrans({"\u2028": "\\u2028", "\u2029": "\\u2029"})
LARGE, SMALL = 1e21, 1e-6


def write(value: object, step: str = "", margin: str = "\n") -> str:
    """Return a value as JSON, each level moved in by `step` (empty: all on one line)."""
    inner = margin + step if step else ""
    colon = ": " if step else ":"
    if isinstance(value, dict):
        items = [f"{_text(key)}{colon}{write(value[key], step, inner)}" for key in sorted(value)]
        return _bracketed("{}", items, inner, margin if step else "")
    if isinstance(value, list):
        items = [write(each, step, inner) for each in value]
        return _bracketed("[]", items, inner, margin if step else "")
    return _scalar(value)


def _bracketed(brackets: str, items: list[str], inner: str, margin: str) -> str:
    if not items:
        return brackets
    return f"{brackets[0]}{inner}{f',{inner}'.join(items)}{margin}{brackets[1]}"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).translate(LINES)


def _scalar(value: object) -> str:
    if isinstance(value, float | Decimal):
        return _number(float(value))
    if isinstance(value, datetime):
        return _text(value.isoformat().replace("+00:00", "Z"))
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise Complaint("an endless number has no JSON")
    if value == 0 or SMALL <= abs(value) < LARGE:
        return plain_float(value)
    return repr(value).replace("e-0", "e-")


def read(text: str) -> object:
    """Return what JSON says; every number is a float, as in Go. Complain when it is not JSON."""

    def constant(name: str) -> object:
        raise Complaint(f"{name} is not JSON")

    try:
        value: object = json.loads(text, parse_int=float, parse_constant=constant)
    except ValueError as error:
        raise Complaint(f"the text is not JSON: {error}") from None
    return value


FUNCTIONS = {
    "toJson": Function(lambda value: write(value).translate(HTML), "a"),
    "toPrettyJson": Function(lambda value: write(value, "  ").translate(HTML), "a"),
    "toRawJson": Function(write, "a"),
    "fromJson": Function(read, "s"),
}
