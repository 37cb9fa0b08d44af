"""`gitops watch` beside a measurement."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workspace import Workspace


@contextmanager
def watching(space: Workspace, reconcile: list[str], log: Path) -> Iterator[None]:
    """Run `watch` beside the block, from when it says that all is in sync; `log` is its output."""
    with space.running([reconcile[0], "watch", *reconcile[2:]], log) as process:
        deadline = time.monotonic() + 60
        while "in sync" not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"watch did not begin:\n{log.read_text()}")
            time.sleep(0.05)
        yield
