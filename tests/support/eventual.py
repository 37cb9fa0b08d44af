"""Waits for a condition, and says what was seen last when it did not come to hold."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_PAUSE = 0.02


def eventually(check: Callable[[], T], timeout: float = 20.0, what: str = "") -> T:
    """Return the first true answer of `check`; fail after `timeout` seconds.

    An assertion that fails inside of `check` counts as "not yet".
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            seen: object = check()
        except AssertionError as error:
            seen, failed = error, True
        else:
            failed = False
            if seen:
                return seen  # type: ignore[return-value]
        if time.monotonic() > deadline:
            told = f"the assertion {seen}" if failed else repr(seen)
            raise AssertionError(f"not within {timeout:g} s: {what}; last seen: {told}")
        time.sleep(_PAUSE)
