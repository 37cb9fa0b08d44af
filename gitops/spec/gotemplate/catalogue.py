"""All functions that a template may call, and those that are refused, with the reason."""

from __future__ import annotations

from collections.abc import Mapping

from gitops.spec.gotemplate import (
    functions_builtin,
    functions_cases,
    functions_dates,
    functions_dicts,
    functions_encoding,
    functions_json,
    functions_lists,
    functions_numbers,
    functions_paths,
    functions_regex,
    functions_strings,
    functions_types,
    functions_versions,
)
from gitops.spec.gotemplate.signature import Function

MUST = (
    *("regexMatch", "regexFind", "regexFindAll", "regexReplaceAll", "regexReplaceAllLiteral"),
    *("regexSplit", "first", "rest", "last", "initial", "append", "push", "prepend", "reverse"),
    *("uniq", "without", "has", "compact", "slice", "chunk", "merge", "mergeOverwrite"),
    *("deepCopy", "toJson", "toPrettyJson", "toRawJson", "fromJson"),
)
"""Sprig has these under a second name that fails where the first stays silent; here both fail."""

_FIXED: Mapping[str, Function] = {
    **functions_builtin.FUNCTIONS,
    **functions_cases.FUNCTIONS,
    **functions_dicts.FUNCTIONS,
    **functions_encoding.FUNCTIONS,
    **functions_json.FUNCTIONS,
    **functions_lists.FUNCTIONS,
    **functions_numbers.FUNCTIONS,
    **functions_paths.FUNCTIONS,
    **functions_regex.FUNCTIONS,
    **functions_strings.FUNCTIONS,
    **functions_types.FUNCTIONS,
    **functions_versions.FUNCTIONS,
}


def functions(now: float) -> Mapping[str, Function]:
    """Return every function by its name, on a clock that stands at `now` (seconds since 1970)."""
    found = {**_FIXED, **functions_dates.functions(now)}
    found["slice"] = Function(_slice, "aa*")
    doubled = {f"must{name[0].upper()}{name[1:]}": found[name] for name in MUST}
    modify = dict.fromkeys(("mustDateModify", "must_date_modify"), found["dateModify"])
    return found | doubled | modify | {"mustToDate": found["toDate"]}


def _slice(value: object, *bounds: object) -> object:
    """Sprig's `slice` of lists hides Go's; here it takes texts too, as Go's does."""
    name = functions_lists if isinstance(value, list) else functions_builtin
    function = name.FUNCTIONS["slice"]
    return function.call(*function.arguments([value, *bounds]))


_REPEATABLE = "a run must be repeatable, and its result would differ each time"
_OUTSIDE = "a template sees only what it is given, not the machine that renders it"
_KEYS = "keys and passwords belong into secrets, not into rendered text"
_HELM = "it is Helm's, not a function of Sprig"

_REASONS: Mapping[str, tuple[str, ...]] = {
    _REPEATABLE: (
        *("uuidv4", "randAlphaNum", "randAlpha", "randNumeric", "randAscii", "randInt"),
        *("randBytes", "shuffle"),
    ),
    _OUTSIDE: ("env", "expandenv", "getHostByName"),
    _KEYS: (
        *("genPrivateKey", "genCA", "genCAWithKey", "genSelfSignedCert", "genSignedCert"),
        *("genSelfSignedCertWithKey", "genSignedCertWithKey", "buildCustomCert"),
        *("derivePassword", "bcrypt", "htpasswd", "encryptAES", "decryptAES"),
    ),
    _HELM: ("include", "tpl", "lookup", "toYaml", "fromYaml", "toToml"),
    "the data of a task file hold no functions": ("call",),
}
REFUSED: Mapping[str, str] = {name: why for why, names in _REASONS.items() for name in names}
"""Known functions that are refused on purpose, with the reason."""

FUNCTIONS = frozenset(functions(0.0))
"""The names of all functions that a template may call."""
