"""Runs the command line of gitops, and kills it (SIGKILL) at one step of what it does.

    python kill_at.py before|after STEP ARGUMENT...

STEP is the number of a step of the first plan that is carried out. Nothing of the program is
replaced: its functions that carry out a plan and an action are wrapped.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from threading import Event

from gitops.cli.main import run
from gitops.engine import execute, reconcile
from gitops.engine.perform import perform
from gitops.engine.record import Recorder
from gitops.engine.scene import Desk, Scene
from gitops.model.actions import Action
from gitops.model.outcomes import Outcome
from gitops.model.plan import Plan

execute_plan = execute.execute


def main(moment: str, number: int, arguments: list[str]) -> int:
    """Run `arguments`; if the step is never reached, return the exit code of the command."""
    fatal: list[Action] = []

    def executing(
        plan: Plan, scene: Scene, recorder: Recorder, cancel: Event
    ) -> Mapping[int, Outcome]:
        if not fatal:
            fatal.append(plan.steps[number - 1].action)
        return execute_plan(plan, scene, recorder, cancel)

    def killing(scene: Scene, action: Action, desk: Desk) -> Outcome:
        here = action is fatal[0]
        if here and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        outcome = perform(scene, action, desk)
        if here:
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    reconcile.execute = executing  # type: ignore[attr-defined]
    execute.perform = killing  # type: ignore[attr-defined]
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
