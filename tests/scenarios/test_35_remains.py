"""What dead runs have left goes with the next reconcile that makes an image, too."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from support.eventual import eventually
from support.quick import Quick, run_of

pytestmark = pytest.mark.scenario


def record(quick: Quick, run: str) -> tuple[str, float | None]:
    """Return the status and the end of a run as they are written down."""
    with closing(sqlite3.connect(quick.world.state / f"{quick.world.project}.db")) as database:
        asked = "SELECT status, ended FROM task_runs WHERE id = ?"
        ((status, ended),) = database.execute(asked, (run,)).fetchall()
    return status, ended


def test_a_reconcile_that_builds_takes_away_what_dead_runs_left(quick: Quick) -> None:
    """A reconcile that builds removes what a killed run left and ends its record; no other does."""
    world = quick.world
    world.hello()
    world.gitops("reconcile")
    running = quick.start("--cmd", "busybox sleep 300")
    run = run_of(running)
    eventually(lambda: len(quick.left()) >= 3)
    running.kill9()
    world.gitops("reconcile")
    assert record(quick, run) == ("Running", None)
    world.page("two")
    world.gitops("reconcile")
    assert quick.left() == []
    status, ended = record(quick, run)
    assert status == "Error"
    assert ended is not None
