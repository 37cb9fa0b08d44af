"""Words to options and what stands between them, as Docker's commands read them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gitops.spec.nearest import nearest
from gitops.spec.tasks.words import LineError

_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))
"""As Go reads them (https://pkg.go.dev/strconv#ParseBool)."""


class Known(NamedTuple):
    """The options of a command: the key of each spelling, which keys take a value.

    `lost` are options that would have no effect here, with what to do instead. With `anywhere`
    options may follow what is none.
    """

    keys: Mapping[str, str]
    valued: frozenset[str]
    lost: Mapping[str, str]
    anywhere: bool


class Options(NamedTuple):
    """Values of options by key, in their order, and the other words."""

    found: Mapping[str, Sequence[str]]
    rest: Sequence[str]

    def all(self, key: str) -> tuple[str, ...]:
        """Return every value that is given."""
        return tuple(self.found.get(key, ()))

    def last(self, key: str) -> str:
        """Return the last value, or an empty text."""
        return self.found[key][-1] if key in self.found else ""

    def on(self, key: str) -> bool:
        """Say whether an option without a value is given."""
        return self.last(key) == "true"


def parse_options(words: Sequence[str], known: Known) -> Options:
    """Return the options among words. Raises `LineError`."""
    found: dict[str, list[str]] = {}
    rest: list[str] = []
    waiting = deque(words)
    while waiting:
        word = waiting.popleft()
        if word == "--":
            break
        if word.startswith("--"):
            _long(word, waiting, known, found)
        elif word.startswith("-") and word != "-":
            _short(word[1:], waiting, known, found)
        else:
            rest.append(word)
            if not known.anywhere:
                break
    return Options(found, [*rest, *waiting])


Found = dict[str, list[str]]


def _long(word: str, waiting: deque[str], known: Known, found: Found) -> None:
    name, equals, value = word.partition("=")
    key = _key(name, known)
    if key in known.valued:
        value = value if equals else _next(name, waiting)
    else:
        value = _truth(name, value if equals else "true")
    found.setdefault(key, []).append(value)


def _truth(name: str, written: str) -> str:
    if written in _TRUE:
        return "true"
    if written in _FALSE:
        return "false"
    raise LineError(f"the option {name} is true or false", f"write {name} alone")


def _short(letters: str, waiting: deque[str], known: Known, found: Found) -> None:
    """Read `-qt name`, `-tname`, `-t=name` and `-q=false`."""
    for at, letter in enumerate(letters):
        name = f"-{letter}"
        key = _key(name, known)
        if key in known.valued:
            joined = letters[at + 1 :].removeprefix("=")
            found.setdefault(key, []).append(joined or _next(name, waiting))
            return
        if letters[at + 1 :].startswith("="):
            found.setdefault(key, []).append(_truth(name, letters[at + 2 :]))
            return
        found.setdefault(key, []).append("true")


def _next(name: str, waiting: deque[str]) -> str:
    if not waiting:
        raise LineError(f"the option {name} needs a value", "write it after the option")
    return waiting.popleft()


def _key(name: str, known: Known) -> str:
    if name in known.lost:
        raise LineError(f"the option {name} cannot be kept", known.lost[name])
    key = known.keys.get(name)
    if key is None:
        hint = nearest(name, known.keys, "supported ones are")
        raise LineError(f"the option {name[:60]} is not supported", hint)
    return key


def spellings(table: Mapping[str, str]) -> Mapping[str, str]:
    """Return the key of each spelling, from spellings with spaces between by key."""
    return {name: key for key, names in table.items() for name in names.split()}
