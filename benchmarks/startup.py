"""The help, whose time is that of starting the program."""

from __future__ import annotations

import sys

from figures import Row, Section, seconds
from turns import QUICK_ROUNDS, in_turns, timed
from workspace import Workspace

LIMIT = 0.15
TIMES = 5


def measure(space: Workspace) -> Section:
    """Return the figure."""
    found = in_turns(
        {
            "gitops": timed(lambda: space.run([space.gitops, "--help"])),
            "python": timed(lambda: space.run([sys.executable, "-c", "pass"])),
        },
        QUICK_ROUNDS,
    )
    limit = max(LIMIT, TIMES * found["python"])
    row = Row(
        "`gitops --help`",
        seconds(found["gitops"]),
        f"`python -c pass` {seconds(found['python'])}",
        f"{found['gitops'] / found['python']:.2f}",
        f"at most {seconds(limit)}",
        found["gitops"] <= limit,
    )
    return Section("Start", [row])
