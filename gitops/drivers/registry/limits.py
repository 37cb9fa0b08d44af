"""How long a registry wants to be left alone, as its answer says.

`Retry-After`: RFC 9110, 10.2.3. `RateLimit-Remaining: 0;w=21600` as Docker Hub sends it:
https://docs.docker.com/docker-hub/usage/pulls/ (after draft-polli-ratelimit-headers-05).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST = 86400.0
"""Seconds that a registry can ask for; one that errs must not be forgotten for good."""
_REMAINING = re.compile(r"\s*(\d{1,9})\s*(?:;.*)?")
_WINDOW = re.compile(r";\s*w\s*=\s*(\d{1,9})")


def asked_to_wait(status: int, headers: Mapping[str, str], now: float) -> float:
    """Return the seconds from `now` that nothing is to be asked; 0 when the answer has no wish.

    `now` is in seconds since 1970, names of `headers` are in lower case.
    """
    wait = 0.0
    if status in (429, 503):
        wait = _retry_after(headers.get("retry-after", ""), now)
    return min(max(wait, _exhausted(headers)), LONGEST)


def _retry_after(text: str, now: float) -> float:
    if text.strip().isdecimal():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(date.timestamp() - now, 0.0)


def _exhausted(headers: Mapping[str, str]) -> float:
    """Return the time until the allowance is whole again, when nothing is left of it."""
    remaining = headers.get("ratelimit-remaining", "")
    found = _REMAINING.fullmatch(remaining)
    if found is None or int(found[1]):
        return 0.0
    reset = headers.get("ratelimit-reset", "").strip()
    if reset.isdecimal():
        return float(reset)
    window = _WINDOW.search(remaining) or _WINDOW.search(headers.get("ratelimit-limit", ""))
    return float(window[1]) if window else 0.0
