"""What every resource carries beside its spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Suspend(NamedTuple):
    """A resource that is left as it is: not built, not deployed, not pruned."""

    reason: str = ""
    by: str = ""
    until: float = 0.0
    """Seconds since 1970 when the suspension ends by itself; 0 is never."""


class Metadata(NamedTuple):
    """What every document carries beside its spec."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    suspend: Suspend | None = None
