"""Runs the command line of gitops, and kills it (SIGKILL) at one step of what it does.

    python kill_at.py before|after "SUMMARY OF THE STEP" ARGUMENT...

The step is named as the plan names it. Nothing of the program is replaced: its function that
carries out an action is wrapped.
"""

from __future__ import annotations

import os
import signal
import sys

from gitops.cli.main import run
from gitops.engine import execute
from gitops.engine.perform import perform
from gitops.engine.scene import Desk, Scene
from gitops.model.actions import Action
from gitops.model.outcomes import Outcome
from gitops.plan.describe import describe


def main(moment: str, step: str, arguments: list[str]) -> int:
    """Run `arguments`; if the step is never reached, return the exit code of the command."""

    def killing(scene: Scene, action: Action, desk: Desk) -> Outcome:
        here = describe(action) == step
        if here and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        outcome = perform(scene, action, desk)
        if here:
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    execute.perform = killing  # type: ignore[attr-defined]
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
