from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import gitops

PROGRAM = Path(sys.executable).parent / "gitops"


def completed(*words: str) -> list[str]:
    """Return what the program offers to complete the last word with, as bash asks it."""
    done = subprocess.run(
        [PROGRAM],
        env={
            **os.environ,
            "_GITOPS_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(("gitops", *words)),
            "COMP_CWORD": str(len(words)),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_commands_are_completed() -> None:
    """The beginning of a command is completed to all that begin so."""
    assert completed("re") == ["reconcile", "rerun", "restart", "resume"]
    assert completed("rec") == ["reconcile"]
    assert set(completed("")) >= {"plan", "reconcile", "status"}


def test_options_are_completed() -> None:
    """The beginning of an option is completed, and so are the values that it takes."""
    assert completed("plan", "--det") == ["--detailed-exitcode"]
    assert set(completed("plan", "-o", "")) == {"text", "json", "yaml"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_is_of_the_shell(shell: str) -> None:
    """The script is one that the shell can read; where it is installed, it checks it."""
    ran = gitops("completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert f"_GITOPS_COMPLETE={shell}_complete" in ran.out
    program = shutil.which(shell)
    if program:
        done = subprocess.run([program, "-n"], input=ran.out, text=True, check=False)
        assert done.returncode == 0
    assert shell != "bash" or program


def test_bash_completes_with_the_script() -> None:
    """A bash that has read the script completes a command of gitops."""
    script = gitops("completion", "bash").out
    ask = (
        'COMP_WORDS=(gitops stat); COMP_CWORD=1; _gitops_completion gitops; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", f"{script}\n{ask}"],
        env={**os.environ, "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["status"]
