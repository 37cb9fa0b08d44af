"""Go's printf: the verbs that make sense for a template's values (https://pkg.go.dev/fmt)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from gitops.spec.gotemplate.faults import Complaint
from gitops.spec.gotemplate.limits import WIDTH, check_size
from gitops.spec.gotemplate.printing import (
    back_quoted,
    quote,
    quote_ascii,
    quote_rune,
    show,
    source,
)
from gitops.spec.gotemplate.values import character, type_of

_INDEX = r"(?:\[[0-9]{1,3}\])?"
VERB = re.compile(
    rf"%([-+# 0]*)({_INDEX}\*|[0-9]+)?(?:\.({_INDEX}\*|[0-9]*))?({_INDEX})(.)?", re.DOTALL
)
WHOLE = "dboOxXcUq"
FLOAT = "eEfFgG"


class _Verb(NamedTuple):
    """A verb with its flags, and its precision if it has one."""

    name: str
    flags: str
    exact: int | None


class _Room:
    """What a text may still come to: one value can be asked for any number of times."""

    def __init__(self) -> None:
        self._taken = 0

    def take(self, text: str) -> str:
        """Return a piece; complain when the pieces are too long together."""
        self.reserve(len(text))
        return text

    def reserve(self, length: int) -> None:
        """Count what stands between pieces."""
        self._taken += length
        check_size(self._taken)


class _Values:
    """The values in the order in which verbs take them: one after the other, or by `[number]`."""

    def __init__(self, values: tuple[object, ...]) -> None:
        self._values = values
        self._at = 0
        self._chosen = False

    def take(self, index: str, verb: str) -> object:
        """Return the value of a verb, a width or a precision."""
        if index:
            self._at, self._chosen = int(index[1:-1]) - 1, True
        if not 0 <= self._at < len(self._values):
            raise Complaint(f"there is no value for {verb}")
        self._at += 1
        return self._values[self._at - 1]

    def end(self) -> None:
        """Complain of values that no verb has taken, unless some were taken by their number."""
        left = len(self._values) - self._at
        if left and not self._chosen:
            raise Complaint(f"the layout has no verb for {left} of its values")


class _Form(NamedTuple):
    """How a value is written: its verb, its width, and the room that is left."""

    verb: _Verb
    width: int
    room: _Room


def printf(layout: str, *values: object) -> str:
    """Return the values in a layout of verbs; complain about a verb that does not fit its value."""
    given, room = _Values(values), _Room()

    def filled(match: re.Match[str]) -> str:
        flags, width, precision, index, verb = match.groups()
        if verb == "%":
            return "%"
        wide = _number(width, given)
        exact = None if precision is None else _number(precision or "0", given)
        if verb is None:
            raise Complaint("the layout ends inside a verb", "write %% for a percent sign")
        form = _Form(_Verb(verb, flags, exact), wide or 0, room)
        return _formatted(form, given.take(index, match.group()))

    text = VERB.sub(filled, layout)
    given.end()
    return text


def _number(text: str | None, given: _Values) -> int | None:
    if text is None:
        return None
    value = given.take(text[:-1], text) if text.endswith("*") else int(text[:9])
    if not isinstance(value, int) or not 0 <= value <= WIDTH:
        raise Complaint(f"a width or precision is a whole number from 0 to {WIDTH}")
    return value


def _formatted(form: _Form, value: object) -> str:
    """Return a value; of a list and a mapping each part by itself."""
    verb, width, room = form
    if verb.name not in "vT" and isinstance(value, list):
        room.reserve(len(value) + 2)
        return f"[{' '.join(_formatted(form, each) for each in value)}]"
    if verb.name not in "vT" and isinstance(value, dict):
        room.reserve(2 * len(value) + 5)
        pairs = [f"{_formatted(form, key)}:{_formatted(form, value[key])}" for key in sorted(value)]
        return f"map[{' '.join(pairs)}]"
    return room.take(_padded(_text(verb, value), verb.flags, width))


def _text(verb: _Verb, value: object) -> str:
    name, flags, exact = verb
    if name == "T":
        return type_of(value)
    if name == "v":
        return _any(verb, value)
    if name == "t" and isinstance(value, bool):
        return show(value)
    if name in "sxXq" and isinstance(value, str):
        cut = value[:exact]
        if name == "s":
            return cut
        return _quoted(flags, cut) if name == "q" else _bytes(verb, cut)
    return _number_text(verb, value)


def _any(verb: _Verb, value: object) -> str:
    """Return what %v makes of a value: with a precision, a float as by %g."""
    if "#" in verb.flags:
        return source(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return _number_text(verb._replace(name="d"), value)
    if isinstance(value, float | Decimal):
        exact = isinstance(value, Decimal) and verb.exact is None
        return show(value) if exact else _number_text(verb._replace(name="g"), value)
    return show(value)[: verb.exact]


def _quoted(flags: str, value: str) -> str:
    plain = back_quoted(value) if "#" in flags else ""
    return plain or (quote_ascii(value) if "+" in flags else quote(value))


def _bytes(verb: _Verb, value: str) -> str:
    """Return the digits of a text's bytes; a space flag parts them, # marks them."""
    mark = "0x" if "#" in verb.flags else ""
    digits = [f"{each:02x}" for each in value.encode("utf-8", "replace")]
    apart = " " in verb.flags
    text = (
        " ".join(mark + each for each in digits) if apart else mark * bool(digits) + "".join(digits)
    )
    return text if verb.name == "x" else text.upper()


def _number_text(verb: _Verb, value: object) -> str:
    name, flags, exact = verb
    if name in WHOLE and isinstance(value, int) and not isinstance(value, bool):
        return _whole(verb, value)
    if name in FLOAT and isinstance(value, float | Decimal):
        sign = "+" if "+" in flags else " " if " " in flags else ""
        if name in "gG" and exact is None:
            text = sign * (value >= 0) + show(float(value))
            return text if name == "g" else text.upper()
        return format(float(value), f"{sign}.{6 if exact is None else exact}{name}")
    raise Complaint(f"%{name} does not fit a value of type {type_of(value)}", "%v fits any value")


def _whole(verb: _Verb, value: int) -> str:
    name, flags, exact = verb
    if name == "c":
        return character(value)
    if name == "q":
        return quote_rune(character(value))
    if name == "U":
        return f"U+{value:04X}" + (f" '{character(value)}'" if "#" in flags else "")
    digits = format(abs(value), name.replace("O", "o")).rjust(exact or 0, "0")
    marks = {"x": "0x", "X": "0X", "o": "0", "b": "0b"} if "#" in flags else {}
    prefix = {**marks, "O": "0o"}.get(name, "")
    sign = "-" if value < 0 else "+" if "+" in flags else " " if " " in flags else ""
    return f"{sign}{prefix}{digits}"


def _padded(text: str, flags: str, width: int) -> str:
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags and len(text) < width:
        sign = text[:1] if text[:1] in {"+", "-"} else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)
