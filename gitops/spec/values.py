"""The values of templates: mappings from files, and single ones from `key=value`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Self

from yaml.error import YAMLError

from gitops.model.diagnostics import Diagnostic, Severity, Span
from gitops.spec.build import OddError, ValueBuilder, Values
from gitops.spec.complaints import complaints
from gitops.spec.document import syntax_error
from gitops.spec.nodes import NodeParser, TooMuchError


def parse_values(text: str, file: str) -> Values | list[Diagnostic]:
    """Return the mapping of a values file (YAML, in the dialect of the specs)."""
    try:
        root = NodeParser(text).next_root()
        value = {} if root is None else ValueBuilder().build(root)
    except OddError as odd:
        return complaints(root or odd.node, odd, file)
    except TooMuchError as error:
        return [_wrong(file, error.message)]
    except YAMLError as error:
        return [syntax_error(error, text, file)]
    if not isinstance(value, dict):
        return [_wrong(file, "a values file holds a mapping")]
    return {key: _ready(each) for key, each in value.items()}


def parse_setting(text: str) -> Values:
    """Return the mapping that `a.b=value` spells; the value is read as YAML reads a scalar.

    Raises `ValueError` with a sentence for the user.
    """
    name, equals, written = text.partition("=")
    parts = name.split(".")
    if not equals or not all(parts):
        raise ValueError(f"{text!r} is not a setting: write key=value, or key.inner=value")
    found = parse_values(f"value: {written}", "--set")
    value: object = written if isinstance(found, list) else found["value"]
    result: Values = {parts[-1]: value}
    for part in reversed(parts[:-1]):
        result = {part: result}
    return result


def merged(below: Mapping[str, object], above: Mapping[str, object]) -> Values:
    """Return both mappings as one; inner mappings are merged, of everything else `above` wins."""
    result: Values = dict(below)
    for key, value in above.items():
        old = result.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        result[key] = merged(old, value) if both else value  # type: ignore[arg-type]
    return result


def _ready(value: object) -> object:
    """Return a value as templates calculate with it: numbers with a fraction as floats."""
    if isinstance(value, Decimal):
        return _Written(value, format(value, "f"))
    if isinstance(value, dict):
        return {key: _ready(each) for key, each in value.items()}
    return [_ready(each) for each in value] if isinstance(value, list) else value


class _Written(float):
    """A number that prints as it was written, so that version 1.10 stays 1.10."""

    def __new__(cls, value: Decimal, text: str) -> Self:
        made = super().__new__(cls, value)
        made._text = text
        return made

    _text: str

    def __str__(self) -> str:
        return self._text


def _wrong(file: str, message: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, Span(file), message)
