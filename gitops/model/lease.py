"""The one right to change a project's things on an engine."""

from __future__ import annotations

from typing import NamedTuple


class Lease(NamedTuple):
    """Who holds it: `id` is unique for each holder, `since` is seconds since 1970 (engine's clock).

    `host` and `process` tell a holder on the same machine that died from one that works.
    """

    id: str
    owner: str
    host: str
    process: str
    reason: str
    since: float = 0.0

    def __str__(self) -> str:
        return f"{self.owner} ({self.reason})"
