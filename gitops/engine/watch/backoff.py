"""How long to wait before trying again: from a second to a quarter of an hour."""

from __future__ import annotations

FIRST = 1.0
LONGEST = 900.0
_JITTER = 0.2


def delay(attempts: int, chance: float) -> float:
    """Return the seconds to wait after `attempts` failures in a row.

    `chance` is a random number of [0, 1): it spreads the tries of many by a fifth either way.
    """
    # 2.0 ** 1024 is more than a float holds, and a loop may fail that often in ten days.
    base = min(FIRST * 2.0 ** min(max(attempts, 1) - 1, 20), LONGEST)
    return base * (1 - _JITTER + 2 * _JITTER * chance)
