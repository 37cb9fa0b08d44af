"""A first deployment: 50 apps from nothing, against `compose up -d` of the same containers."""

from __future__ import annotations

from pathlib import Path

import compose
import specs
from figures import Section, against
from turns import in_turns, timed
from workspace import Workspace, free_port, remove_labelled

NUMBER = 50
LIMIT = 1.2


def measure(space: Workspace) -> Section:
    """Return the figure; each round removes what it made, outside of the time."""
    other = compose.second(space)
    with (
        specs.removed(space, "first", specs.apps(NUMBER, free_port())) as ours,
        compose.project(space, "first", NUMBER) as (project, file),
    ):
        found = in_turns(
            {
                "gitops": lambda number: _ours(space, ours, number),
                other.name: lambda _: _theirs(space, other, project, file),
            }
        )
    row = against(f"{NUMBER} apps", found["gitops"], (other.name, found[other.name]), LIMIT)
    note = (
        "gitops has then started its gateway, probed each app through it and switched its route;"
        " compose has started the containers and waited for nothing."
    )
    return Section("First deployment", [row], [note])


def _ours(space: Workspace, command: list[str], number: int) -> float:
    seconds = timed(lambda: space.run(command))(number)
    remove_labelled(f"gitops.project={command[-1]}")
    return seconds


def _theirs(space: Workspace, other: compose.Compose, project: str, file: Path) -> float:
    seconds = timed(lambda: space.run(other.up(project, file)))(0)
    remove_labelled(f"com.docker.compose.project={project}")
    return seconds
