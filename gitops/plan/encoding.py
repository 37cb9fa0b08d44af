"""Frozen records to JSON and back, by their type hints, for what is kept with the engine.

A field that has its default is left out, so that a note is short and stays readable when a later
version adds fields. Where a type is a choice of records, `"is"` names the one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

_WHICH = "is"
_PLAIN = (str, int, float, bool, NoneType)


class UnreadableError(ValueError):
    """A text that is not what `encode` wrote, or that a later version wrote."""


def encode(value: object) -> str:
    """Return the JSON of a record."""
    return json.dumps(_plain(value), separators=(",", ":"), sort_keys=True)


def decode(type_: type[T], text: str) -> T:
    """Return the record that `encode` wrote; raise `UnreadableError` for anything else."""
    try:
        return cast("T", _build(type_, json.loads(text)))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UnreadableError(f"{type_.__name__} cannot be read: {error}") from error


def _plain(value: object) -> object:
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        defaults = type(value)._field_defaults  # type: ignore[attr-defined] # of every NamedTuple
        fields = zip(value._fields, value, strict=True)
        said = {
            name: _plain(field)
            for name, field in fields
            if name not in defaults or defaults[name] != field
        }
        return {_WHICH: type(value).__name__, **said}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, _PLAIN):
        return value
    raise TypeError(f"a {type(value).__name__} is not kept")


@cache
def _hints(type_: type) -> Mapping[str, object]:
    return get_type_hints(type_)


def _build(type_: object, data: object) -> object:
    origin = get_origin(type_)
    if origin in (Union, UnionType):
        return _choice(get_args(type_), data)
    if origin is tuple:
        return _tuple(get_args(type_), cast("list[object]", data))
    if origin is not None and issubclass(origin, Mapping):
        inner = get_args(type_)[1]
        return {key: _build(inner, item) for key, item in cast("dict[str, object]", data).items()}
    if isinstance(type_, type) and hasattr(type_, "_fields"):
        return _record(type_, cast("dict[str, object]", data))
    if type_ is float and isinstance(data, int):
        return float(data)
    return _single(cast("type", type_), data)


def _single(type_: type, data: object) -> object:
    if issubclass(type_, StrEnum):
        return type_(str(data))
    if not isinstance(data, type_):
        raise TypeError(f"{data!r} is not a {type_}")
    return data


def _record(type_: type, data: dict[str, object]) -> object:
    hints = _hints(type_)
    if data.pop(_WHICH) != type_.__name__:
        raise TypeError(f"it is not a {type_.__name__}")
    return type_(**{name: _build(hints[name], item) for name, item in data.items()})


def _choice(types: tuple[object, ...], data: object) -> object:
    for type_ in types:
        named = isinstance(data, dict) and data.get(_WHICH) == getattr(type_, "__name__", "")
        if named or (isinstance(type_, type) and type_ in _PLAIN and isinstance(data, type_)):
            return _build(type_, data)
    raise TypeError(f"{data!r} is none of the choices")


def _tuple(types: tuple[object, ...], data: list[object]) -> tuple[object, ...]:
    if len(types) == 2 and types[1] is Ellipsis:  # noqa: PLR2004 - tuple[X, ...]
        return tuple(_build(types[0], item) for item in data)
    return tuple(_build(type_, item) for type_, item in zip(types, data, strict=True))
