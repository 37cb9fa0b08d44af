"""Matches a pattern with many wildcards in a time that only grows with pattern and path.

`re` tries every way to share a path among wildcards: `*a*a*a*a*a*b` in the `.dockerignore` of a
pull request takes it hours, in which no other thread of ours runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Part(NamedTuple):
    """One token: `repeat` for a wildcard of any length, whose `regex` is that of one character.

    `folders` is `**/`: nothing, or anything up to a slash.
    """

    regex: re.Pattern[str]
    repeat: bool = False
    folders: bool = False


class Automaton:
    """All the places of the pattern that a path may have come to are followed at once."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = tuple(parts)

    def fullmatch(self, text: str) -> bool | None:
        """Return True when the whole of `text` matches, else None."""
        places = self._closed([0])
        for letter in text:
            places = self._closed(self._after(places, letter))
            if not places:
                return None
        return True if len(self._parts) in places else None

    def _closed(self, places: Iterable[int]) -> set[int]:
        """Add what is reached by taking wildcards for nothing; -i is within the folders of i-1."""
        found: set[int] = set()
        for start in places:
            place = start
            while place not in found:
                found.add(place)
                if not 0 <= place < len(self._parts) or not self._parts[place].repeat:
                    break
                if self._parts[place].folders:
                    found.add(-place - 1)
                place += 1
        return found

    def _after(self, places: Iterable[int], letter: str) -> Iterable[int]:
        for place in places:
            if place < 0:
                yield place
                if letter == "/":
                    yield -place
            elif place < len(self._parts):
                part = self._parts[place]
                if not part.folders and part.regex.match(letter):
                    yield place if part.repeat else place + 1
