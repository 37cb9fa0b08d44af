"""The nearest known name to one that is not known (the slow path)."""

from __future__ import annotations

from collections.abc import Iterable

SHOWN = 12


def nearest(name: str, known: Iterable[str], what: str = "known ones are") -> str:
    """Return `did you mean 'port'?`, or the known names, or an empty string when there are none."""
    from difflib import get_close_matches  # noqa: PLC0415 - loaded where there is a mistake

    names = sorted(known)
    folded = {each.lower(): each for each in reversed(names)}
    close = get_close_matches(name.lower()[:100], folded, n=1, cutoff=0.6)
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    if not names:
        return ""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{what} {', '.join(names[:SHOWN])}{more}"
