"""Sprig's functions of mappings (https://masterminds.github.io/sprig/dicts.html).

As in Sprig, `set`, `unset`, `merge` and `mergeOverwrite` change the mapping that they are given;
the data of a rendering are its own copy.
"""

from __future__ import annotations

from copy import deepcopy

from gitops.spec.gotemplate.faults import Complaint
from gitops.spec.gotemplate.limits import check_items
from gitops.spec.gotemplate.printing import show
from gitops.spec.gotemplate.signature import Function
from gitops.spec.gotemplate.values import truth, type_of

Dict = dict[str, object]


def pairs(*values: object) -> Dict:
    """Return a mapping of keys and values in turn; a last key without a value has an empty text."""
    found: Dict = {}
    for place in range(0, len(values), 2):
        found[show(values[place])] = values[place + 1] if place + 1 < len(values) else ""
    return found


def put(mapping: Dict, key: str, value: object) -> Dict:
    """Set a key of a mapping, and return the mapping; it may not come to hold itself."""
    if _holds(value, mapping):
        raise Complaint("a mapping cannot be put into itself", "put a deepCopy into it")
    check_items(len(mapping) + 1)
    mapping[key] = value
    return mapping


def _holds(value: object, wanted: Dict) -> bool:
    left = [value]
    while left:
        each = left.pop()
        if each is wanted:
            return True
        left.extend(each if isinstance(each, list) else [])
        left.extend(each.values() if isinstance(each, dict) else [])
    return False


def unset(mapping: Dict, key: str) -> Dict:
    """Take a key out of a mapping, and return the mapping."""
    mapping.pop(key, None)
    return mapping


def pluck(key: str, *mappings: object) -> list[object]:
    """Return the values that mappings have for a key; those without it are passed over."""
    return [each[key] for each in _mappings(*mappings) if key in each]


def dig(*words: object) -> object:
    """Return what lies at a path of keys: `dig "a" "b" default mapping`."""
    if len(words) < 3:  # noqa: PLR2004 - a key, a default, a mapping
        raise Complaint("it takes keys, a default and a mapping")
    *keys, fallback, found = words
    for key in keys:
        if not isinstance(found, dict) or not isinstance(key, str) or key not in found:
            return fallback
        found = found[key]
    return found


def keys(*mappings: object) -> list[object]:
    """Return the keys of all mappings, those of each in order."""
    return [key for each in _mappings(*mappings) for key in sorted(each)]


def pick(mapping: Dict, *names: object) -> Dict:
    """Return a mapping of only these keys."""
    return {key: value for key, value in mapping.items() if key in names}


def omit(mapping: Dict, *names: object) -> Dict:
    """Return a mapping without these keys."""
    return {key: value for key, value in mapping.items() if key not in names}


def merge(target: Dict, *sources: object) -> Dict:
    """Give a mapping what it lacks, from each source in turn; what it has stays."""
    for source in _mappings(*sources):
        _merge(target, deepcopy(source), over=False)
    return target


def merge_over(target: Dict, *sources: object) -> Dict:
    """Give a mapping all that the sources have; the last one wins."""
    for source in _mappings(*sources):
        _merge(target, deepcopy(source), over=True)
    return target


def _merge(target: Dict, source: Dict, *, over: bool) -> None:
    """Give the target what it lacks; what is empty there counts as lacking, as in mergo."""
    for key, value in source.items():
        mine = target.get(key)
        if isinstance(mine, dict) and isinstance(value, dict):
            _merge(mine, value, over=over)
        elif over or key not in target or not truth(mine):
            target[key] = value


def _mappings(*values: object) -> list[Dict]:
    for each in values:
        if not isinstance(each, dict):
            raise Complaint(f"it wants a dict and is given a {type_of(each)}")
    return [each for each in values if isinstance(each, dict)]


FUNCTIONS = {
    "dict": Function(pairs, "a*"),
    "get": Function(lambda mapping, key: mapping.get(key, ""), "ds"),
    "set": Function(put, "dsa"),
    "unset": Function(unset, "ds"),
    "hasKey": Function(lambda mapping, key: key in mapping, "Ds"),
    "pluck": Function(pluck, "sa*"),
    "dig": Function(dig, "m*"),
    "keys": Function(keys, "a*"),
    "values": Function(lambda mapping: [mapping[key] for key in sorted(mapping)], "d"),
    "pick": Function(pick, "da*"),
    "omit": Function(omit, "da*"),
    "merge": Function(merge, "da*"),
    "mergeOverwrite": Function(merge_over, "da*"),
    "deepCopy": Function(deepcopy, "a"),
}
