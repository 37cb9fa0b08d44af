"""Measures several sides in turn within one run, so that what disturbs one disturbs all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

ROUNDS = 5
QUICK_ROUNDS = 15
"""For what takes less than a second: its spread is larger than that of what takes long."""

Side = Callable[[int], float]
"""Does it once, for a round of that number, and returns the seconds that it took."""

Found = TypeVar("Found")


def in_turns(sides: Mapping[str, Side], rounds: int = ROUNDS) -> dict[str, float]:
    """Return the median of each side in seconds: A B A B, after one round that does not count."""
    times = each_in_turns(sides, rounds)
    return {name: statistics.median(found) for name, found in times.items()}


def each_in_turns(
    sides: Mapping[str, Callable[[int], Found]], rounds: int = ROUNDS
) -> dict[str, list[Found]]:
    """Return what each side found in each round: A B A B; the first one, number 0, is left out."""
    found: dict[str, list[Found]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, side in sides.items():
            result = side(number)
            if number:
                found[name].append(result)
    return found


def timed(action: Callable[[], object]) -> Side:
    """Return a side that takes as long as `action`."""

    def side(_round: int) -> float:
        began = time.perf_counter()
        action()
        return time.perf_counter() - began

    return side
