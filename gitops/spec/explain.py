"""Why a document does not fit its schema, in words (the slow path, imported only then).

In: a kind and a document that the fast validator refused. Out: findings with paths and hints.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from gitops.model.address import KINDS
from gitops.spec.document import API_VERSION
from gitops.spec.findings import Finding, Path, dotted, shown
from gitops.spec.limits import PROBLEMS
from gitops.spec.nearest import nearest
from gitops.spec.schema import schema, validator
from gitops.spec.words import fitting_hint, noun, secretive, type_hint, type_names

Found = Iterator[Finding]


def misdirected(document: Mapping[str, Any]) -> list[Finding]:
    """Return what is wrong with `apiVersion` and `kind`: with these no schema can be chosen."""
    version, kind = document.get("apiVersion"), document.get("kind")
    found = []
    if "apiVersion" not in document:
        hint = f"write apiVersion: {API_VERSION} at the top"
        found.append(Finding((), "apiVersion is missing", hint))
    elif version != API_VERSION:
        message = f"apiVersion: {shown(version)} is not known"
        found.append(Finding(("apiVersion",), message, f"write apiVersion: {API_VERSION}"))
    if "kind" not in document:
        found.append(Finding((), "kind is missing", f"write one of {', '.join(KINDS)}"))
    elif kind not in KINDS:
        message = f"kind: {shown(kind)} is not known"
        found.append(Finding(("kind",), message, nearest(str(kind), KINDS)))
    return found


def explain(kind: str, document: Mapping[str, Any]) -> list[Finding]:
    """Return what keeps the document from its kind's schema, without repetition, in path order."""
    errors = explaining_validator(kind).iter_errors(document)
    told = (finding for error in errors for finding in _findings(_fault(error)))
    found = dict.fromkeys(islice(told, PROBLEMS))
    if not found:
        found = dict.fromkeys(_plainly(kind, document))
    return sorted(found, key=lambda finding: [str(part) for part in finding.path])


def _plainly(kind: str, document: Mapping[str, Any]) -> Found:
    """Yield the fast validator's words: the two should never disagree, but might."""
    for error in validator(kind).iter_errors(document):
        path = tuple(error.instance_path)
        yield Finding(path, f"{dotted(path)}: {error.message}")


def _integer(_checker: object, value: object) -> bool:
    if isinstance(value, Decimal):
        return value == value.to_integral_value()
    return isinstance(value, int) and not isinstance(value, bool)


def _pattern(_validator: object, pattern: str, value: object, _schema: object) -> Iterator[Any]:
    """Python's `$` also matches before a last line end; that of JSON Schema does not."""
    exact = re.sub(r"(?<!\\)\$(?=$|\))", r"\\Z", pattern)
    if isinstance(value, str) and not re.search(exact, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _unique(_validator: object, wanted: object, value: object, _schema: object) -> Iterator[Any]:
    """Find repeated items by their text; the library compares each with each in mixed lists."""
    if wanted and isinstance(value, list) and len(set(map(repr, value))) < len(value):
        yield ValidationError("has repeated items")


_SLOW = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    validators={"pattern": _pattern, "uniqueItems": _unique},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _integer),
)


@cache
def explaining_validator(kind: str) -> Validator:
    """Return the validator of a kind that lists its errors; it takes a millisecond a document."""
    made: Validator = _SLOW(schema(kind))
    return made


CHOICES = 6
"""Values that are told in one sentence; a longer list is told as a hint."""


LISTED = 20
"""Values that a hint lists; of more it names the nearest."""


class _Fault(NamedTuple):
    """One error of the explaining validator; `below` counts the steps from its alternative."""

    path: Path
    keyword: str
    wanted: Any
    instance: Any
    schema: Mapping[str, Any]
    where: tuple[str | int, ...]
    below: int
    context: list[_Fault]


def _fault(error: ValidationError) -> _Fault:
    schema_: Any = error.schema
    return _Fault(
        tuple(error.absolute_path),
        str(error.validator),
        error.validator_value,
        error.instance,
        schema_,
        tuple(error.relative_schema_path),
        len(error.relative_path),
        [_fault(inner) for inner in error.context or ()],
    )


def _findings(fault: _Fault) -> Found:
    if "propertyNames" in fault.where:
        key = str(fault.instance)[:60]
        path = (*fault.path, str(fault.instance))
        message = f"{dotted(fault.path)}: expected {noun(fault.schema)}, found {key!r}"
        yield Finding(path, message, fitting_hint(fault.schema), at_key=True)
        return
    yield from _BY_KEYWORD.get(fault.keyword, _unfit)(fault)


def _unknown(fault: _Fault) -> Found:
    known = fault.schema["properties"]
    for key in fault.instance:
        if key not in known:
            place = dotted(fault.path)
            message = f"unknown key {key[:60]!r} in {place}"
            rest = [name for name in known if name not in fault.instance]
            hint = nearest(key, rest or known, "keys here are")
            yield Finding((*fault.path, key), message, hint, at_key=True)


def _missing(fault: _Fault) -> Found:
    path = fault.path
    for key in fault.wanted:
        if key not in fault.instance:
            about = fault.schema.get("properties", {}).get(key, {})
            hint = f"add {key}: {about['description']}" if "description" in about else f"add {key}"
            yield Finding(path, f"{dotted((*path, key))} is missing", hint, at_key=True)


def _type(fault: _Fault) -> Found:
    path = fault.path
    if secretive(fault.schema):
        hint = "write {env: NAME} or {file: path}; a secret value is never written inline"
        message = f"{dotted(path)}: expected a reference to a secret, found a value"
        yield Finding(path, message, hint)
        return
    wanted = type_names(fault.wanted)
    message = f"{dotted(path)}: expected {wanted}, found {shown(fault.instance)}"
    yield Finding(path, message, type_hint(fault.wanted, fault.instance))


def _choice(fault: _Fault) -> Found:
    path = fault.path
    allowed = fault.wanted if fault.keyword == "enum" else [fault.wanted]
    if len(allowed) > CHOICES:
        message = f"{dotted(path)}: expected {noun(fault.schema)}, found {shown(fault.instance)}"
        yield Finding(path, message, _listed(str(fault.instance), allowed))
        return
    wanted = " or ".join(str(value) for value in allowed)
    message = f"{dotted(path)}: expected {wanted}, found {shown(fault.instance)}"
    close = nearest(str(fault.instance), (str(value) for value in allowed))
    yield Finding(path, message, close if "did you mean" in close else f"write {wanted}")


def _listed(found: str, allowed: Sequence[str]) -> str:
    if len(allowed) <= LISTED:
        return f"allowed are {', '.join(allowed)}"
    return nearest(found, allowed, "they are")


def _unfit(fault: _Fault) -> Found:
    path = fault.path
    found = shown(fault.instance)
    # Somebody may have put the secret itself where its variable's name, or no secret, belongs.
    if path[-1] in {"env", "password", "url"}:
        found = "the value"
    message = f"{dotted(path)}: expected {noun(fault.schema)}, found {found}"
    yield Finding(path, message, fitting_hint(fault.schema))


def _amount(fault: _Fault) -> Found:
    """Tell of a mapping of which exactly, or at most, one key may be there."""
    path = fault.path
    keys = ", ".join(fault.schema.get("properties", {}))
    if not fault.instance:
        message = f"{dotted(path)} is empty"
        yield Finding(path, message, f"write one of {keys}" if keys else "", at_key=True)
        return
    there = ", ".join(str(key) for key in fault.instance)
    message = f"{dotted(path)}: only one of {keys} can be there, found {there}"
    yield Finding(path, message, "remove the others", at_key=True)


def _limit(fault: _Fault) -> Found:
    path = fault.path
    bound = "at least" if fault.keyword.startswith("min") else "at most"
    message = f"{dotted(path)}: expected {bound} {fault.wanted}, found {shown(fault.instance)}"
    yield Finding(path, message, fitting_hint(fault.schema))


def _many(fault: _Fault) -> Found:
    path = fault.path
    message = f"{dotted(path)}: expected at most {fault.wanted} items, found {len(fault.instance)}"
    yield Finding(path, message, fitting_hint(fault.schema))


def _twice(fault: _Fault) -> Found:
    path = fault.path
    seen: set[str] = set()
    for number, item in enumerate(fault.instance):
        if repr(item) in seen:
            message = f"{dotted((*path, number))}: {shown(item)} is there twice"
            yield Finding((*path, number), message, "remove one of the two")
        seen.add(repr(item))


def _rule(fault: _Fault) -> Found:
    """Tell of a rule of ours, whose title says what is wrong and whose description what to do."""
    path = fault.path
    message = f"{dotted(path)}: {fault.schema.get('title', fault.keyword)}"
    yield Finding(path, message, fault.schema.get("description", ""), at_key=True)


def _one_of(fault: _Fault) -> Found:
    """Tell about the alternative that was most likely meant."""
    groups: dict[int, list[_Fault]] = {}
    for inner in fault.context:
        groups.setdefault(int(inner.where[0]), []).append(inner)
    costs = sorted((sum(map(_cost, group)), number) for number, group in groups.items())
    if len(costs) > 1 and costs[0][0] < costs[1][0]:
        for inner in groups[costs[0][1]]:
            yield from _findings(inner)
        return
    path = fault.path
    message = f"{dotted(path)}: expected {noun(fault.schema)}, found {shown(fault.instance)}"
    yield Finding(path, message, fitting_hint(fault.schema))


def _cost(fault: _Fault) -> int:
    """How far an error is from what the user wrote: a wrong type at the top is another thing."""
    if fault.below:
        return 1
    if fault.keyword == "type":
        return 1000
    if fault.keyword == "additionalProperties":
        return 10 * sum(key not in fault.schema["properties"] for key in fault.instance)
    return 10


_BY_KEYWORD: dict[str, Callable[[_Fault], Found]] = {
    "additionalProperties": _unknown,
    "required": _missing,
    "type": _type,
    "enum": _choice,
    "const": _choice,
    "minProperties": _amount,
    "maxProperties": _amount,
    "minItems": _amount,
    "maxItems": _many,
    "minimum": _limit,
    "maximum": _limit,
    "uniqueItems": _twice,
    "not": _rule,
    "anyOf": _rule,
    "oneOf": _one_of,
}
