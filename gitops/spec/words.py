"""Words for schemas: what a type is called, what would have fitted (the slow path)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}
_YES_AND_NO = frozenset(("yes", "no", "on", "off", "y", "n", "true", "false"))


def type_names(types: str | Sequence[str]) -> str:
    """Return `text or a number` for JSON Schema's type names."""
    names = [types] if isinstance(types, str) else types
    return " or ".join(_TYPES[name] for name in names)


def type_hint(types: str | Sequence[str], value: object) -> str:
    """Return what to do about a value of the wrong type, when that can be told."""
    wanted = {types} if isinstance(types, str) else set(types)
    if value is None:
        return "write a value, or remove the key"
    if isinstance(value, str):
        if "boolean" in wanted and value.lower() in _YES_AND_NO:
            return "write true or false, in lower case and without quotes"
        if wanted & {"integer", "number"} and value.replace(".", "", 1).isdigit():
            return "remove the quotes, and zeros at the front"
        if "array" in wanted:
            return "write a list: [...], or lines that begin with a dash"
    elif "string" in wanted and not isinstance(value, dict | list):
        return "write it in quotes"
    return ""


def noun(schema: Mapping[str, Any]) -> str:
    """Return what a value of the schema is called."""
    return str(schema.get("title", "value that fits"))


def fitting_hint(schema: Mapping[str, Any]) -> str:
    """Return what would have fitted: the schema's description and an example."""
    hint = str(schema.get("description", "")).rstrip(".")
    examples = [_inline(value) for value in schema.get("examples", ())]
    if examples:
        hint = f"{hint}; for example {' or '.join(examples[:3])}".removeprefix("; ")
    return hint


def secretive(schema: Mapping[str, Any]) -> bool:
    """Say whether the schema is that of a secret, whose value must not be printed."""
    return schema.get("title") in {"secret", "credentials", "git credentials"}


def _inline(value: object) -> str:
    """Return a value as YAML in one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case dict():
            return "{" + ", ".join(f"{key}: {_inline(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(_inline(item) for item in value) + "]"
        case _:
            return str(value)
