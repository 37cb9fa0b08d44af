"""Nothing to do: `reconcile` of apps that run, against `compose up -d` of the same containers."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import compose
import phases
import specs
from figures import Row, Section, against
from turns import QUICK_ROUNDS, in_turns, timed
from workspace import Workspace, free_port

from gitops.engine.decide import decide
from gitops.settings import read_settings
from gitops.spec.load import LoadRequest, load
from gitops.store.store import Store
from gitops.wiring.worlds import open_world

NUMBERS = (20, 100, 400)
LIMITS = {100: 2.0, 400: 1.5}


def measure(space: Workspace) -> Section:
    """Return the figures for each number of apps."""
    rows: list[Row] = []
    notes: list[str] = []
    times: dict[int, float] = {}
    calls: dict[int, int] = {}
    for number in NUMBERS:
        text = specs.apps(number, free_port())
        with specs.deployed(space, f"noop{number}", text) as ours:
            calls[number] = _calls(ours)
            if number != NUMBERS[0]:
                notes.append(f"Where the time goes at {number}: {phases.of(space, ours)}.")
            old = compose.first()
            if old is not None:
                rows.append(_against_old(space, ours, old, number))
            row, times[number] = _against(space, ours, compose.second(space), number)
            rows.append(row)
    rows += [_growth(times), _constant(calls)]
    notes.append(
        "Both sides' containers are on the engine while either is measured. gitops looks at all of"
        " them (a name that is taken matters, whoever took it), compose at its own only."
    )
    return Section("No-op reconcile", rows, notes)


def _against(
    space: Workspace, ours: list[str], other: compose.Compose, number: int
) -> tuple[Row, float]:
    with compose.project(space, f"noop{number}", number) as (project, file):
        theirs = other.up(project, file)
        space.run(theirs, other.patience)
        sides = {
            "gitops": timed(lambda: space.run(ours)),
            other.name: timed(lambda: space.run(theirs)),
        }
        found = in_turns(sides, QUICK_ROUNDS if other.name == "compose v2" else 5)
    limit = LIMITS.get(number) if other.name == "compose v2" else None
    row = against(f"{number} apps", found["gitops"], (other.name, found[other.name]), limit)
    return row, found["gitops"]


def _against_old(space: Workspace, ours: list[str], old: compose.Compose, number: int) -> Row:
    """Return the row of compose v1, which may wait for itself for ever when it starts many."""
    try:
        return _against(space, ours, old, number)[0]
    except subprocess.TimeoutExpired:
        told = f"did not start its {number} containers in {compose.OLD_PATIENCE:g} s"
        return Row(f"{number} apps", "", f"{old.name} {told}", "", "", None)


def _growth(times: dict[int, float]) -> Row:
    few, some, many = (times[number] for number in NUMBERS)
    each = (many - some) / (NUMBERS[2] - NUMBERS[1])
    return Row(
        "time of 400 to time of 100",
        f"{many / some:.2f}; {each * 1000:.2f} ms for each further app",
        f"100 to 20: {some / few:.2f}",
        "",
        "linear: at most 4, and 5",
        many <= some * NUMBERS[2] / NUMBERS[1] and some <= few * NUMBERS[1] / NUMBERS[0],
    )


def _constant(calls: dict[int, int]) -> Row:
    told = ", ".join(f"{count} at {number}" for number, count in calls.items())
    return Row("calls of the engine", told, "", "", "constant", len(set(calls.values())) == 1)


def _calls(command: list[str]) -> int:
    """Count the engine calls of one decision about specs that are in sync."""
    file = Path(command[command.index("--file") + 1])
    project = command[command.index("--project") + 1]
    loaded = load([file], LoadRequest(project))
    assert loaded.bundle is not None, loaded.diagnostics
    made: list[str] = []

    def observe(method: str, path: str) -> None:
        made.append(f"{method} {path}")

    world = open_world(loaded.bundle, read_settings(os.environ, "bench", "bench"), observe)
    decision = decide(loaded.bundle, world, Store(file.with_suffix(".db")))
    assert decision.plan.converged, decision.plan
    return len(made)
