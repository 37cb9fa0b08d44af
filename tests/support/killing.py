"""Gives a command that is killed before or after a step of its plan."""

from __future__ import annotations

import signal
import subprocess
import sys

from support.scenario import ROOT, World

KILLER = ROOT / "tests/support/kill_at.py"


def kill(world: World, command: tuple[str, ...], moment: str, step: int) -> None:
    """Give a command, and let it be killed before or after a step."""
    arguments = [*command, "-f", str(world.specs), "--project", world.project]
    done = subprocess.run(
        [sys.executable, str(KILLER), moment, str(step), *arguments],
        cwd=world.folder,
        env=world.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    told = f"{moment} step {step}: {done.returncode}\n{done.stdout}{done.stderr}"
    assert done.returncode == -signal.SIGKILL, told
