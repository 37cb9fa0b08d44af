"""Does the same to several things at once: what is removed from an engine is mostly waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def together(work: Callable[[T], object], on: Iterable[T]) -> None:
    """Return when `work` is done with all of them; then raise the first error, if there was one."""
    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(work, one) for one in on]
    for one in done:
        one.result()
