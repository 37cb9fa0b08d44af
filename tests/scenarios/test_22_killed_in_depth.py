"""Obligation: a kill within a swap, a rollback, a scaling or a rolling redeploy costs no request.

The next run ends where a run without a kill does. The first deployment and those of one replica
are in test_09_killed.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import NamedTuple

import pytest
from support.bench_story import LIGHT, commit, storm, write
from support.end_state import End, end_of
from support.killing import kill
from support.scenario import Answer, World

pytestmark = pytest.mark.scenario

KILLS = 8
"""How many of the steps are tried in one test, evenly chosen."""

STAGING = [{"name": "staging", "env": {"VERSION": "staged"}}]


class Move(NamedTuple):
    """What a user does: `prepare` changes the spec or the source, then the command is given.

    `notes` is how many of its first steps write down what the user wished.
    """

    prepare: Callable[[], object]
    command: tuple[str, ...] = ("reconcile",)
    notes: int = 0


def nothing() -> None:
    """Prepare nothing."""


def settled(world: World) -> End:
    """Return what is there, in a form that the two ends of a move can be told by.

    Which of two names for the same content a container has depends on what was there before it;
    the lease of a run that was killed stays for the next one that has something to do.
    """
    end = end_of(world)
    kept = [(re.sub(r"-HASH-\d+$", "-HASH", one[0]), *one[1:]) for one in end.containers]
    routes = [re.sub(r"-HASH-\d+'", "-HASH'", route) for route in end.routes]
    version = Answer(end.answer.status, end.answer.body.partition(" ")[0])
    return end._replace(containers=sorted(kept), routes=routes, leases=[], answer=version)


def steps_of(world: World, move: Move) -> int:
    """Carry out a move without a kill; return the number of its steps."""
    move.prepare()
    said = json.loads(world.gitops(*move.command, "-o", "json").out)
    plan = said.get("plan", said)
    return len(plan["steps"])


def chosen(steps: int) -> Iterator[tuple[str, int]]:
    """Yield as many steps as are tried: the first, the last, and some between them.

    Two moves take turns, so each has both moments.
    """
    moments = cycle(("after", "after", "before", "before"))
    numbers = {round(1 + (steps - 1) * each / (KILLS - 1)) for each in range(KILLS)}
    yield from ((next(moments), number) for number in sorted(numbers))


def noted(move: Move, moment: str, step: int) -> bool:
    """Say whether a run that was killed there had written down all that the user wished."""
    return step > move.notes or (moment, step) == ("after", move.notes)


def killed_everywhere(world: World, moves: tuple[Move, Move]) -> None:
    """Make two moves in turns, each killed at a step; the next run goes on to the straight end."""
    straight, steps = [], []
    for move in moves:
        steps.append(steps_of(world, move))
        straight.append(settled(world))
    assert straight[0] != straight[1]
    with storm(world, LIGHT) as load:
        for number, (moment, step) in enumerate(chosen(max(steps))):
            turn = number % 2
            move, at = moves[turn], min(step, steps[turn])
            told = f"{' '.join(move.command)} killed {moment} step {at} of {steps[turn]}"
            move.prepare()
            kill(world, move.command, moment, at)
            assert load.look().failed == 0, f"{told}: {load.look()}"
            world.gitops("reconcile")
            assert load.look().failed == 0, f"{told}, and reconcile: {load.look()}"
            end = settled(world)
            if not noted(move, moment, at) and end == straight[1 - turn]:
                world.gitops(*move.command)
                end = settled(world)
            assert end == straight[turn], told


def test_a_swap(world: World) -> None:
    """A swap and the way back, killed anywhere, are whole after the next run, or not begun."""
    commit(world, "one")
    write(world, slots=STAGING)
    world.gitops("reconcile")
    swap = Move(nothing, ("swap", "WebApp/hello", "staging"), 2)
    killed_everywhere(world, (swap, swap))


def test_a_rollback(world: World) -> None:
    """A rollback and its end, killed anywhere, are whole after the next run, or not begun."""
    commit(world, "one")
    write(world)
    world.gitops("reconcile")
    commit(world, "two")
    world.gitops("reconcile")
    back = Move(nothing, ("rollback", "WebApp/hello", "--reason", "a test"), 1)
    killed_everywhere(world, (back, Move(nothing, ("resume", "WebApp/hello"), 1)))


def test_scaling(world: World) -> None:
    """From one replica to three and back, killed anywhere: the next run has as many as wanted."""
    commit(world, "one")
    write(world)
    world.gitops("reconcile")
    up = Move(lambda: write(world, replicas=3))
    killed_everywhere(world, (up, Move(lambda: write(world))))


def test_a_rolling_redeploy(world: World) -> None:
    """A redeploy of three replicas, killed anywhere, is whole after the next run."""
    commit(world, "one")
    write(world, replicas=3)
    world.gitops("reconcile")
    there = Move(lambda: write(world, replicas=3, env={"VERSION": "two"}))
    killed_everywhere(world, (there, Move(lambda: write(world, replicas=3))))
