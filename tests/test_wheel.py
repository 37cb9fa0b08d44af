from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command to its good end and return what it printed; show everything if it fails."""
    # PYTHONPATH would let the checkout stand in for what the wheel lacks.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    result = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.mark.timeout(600)
def test_wheel_works_in_a_fresh_environment(root: Path, tmp_path: Path) -> None:
    """The wheel, installed into an empty environment, carries all that `gitops validate` needs."""
    dist, fresh = tmp_path / "dist", tmp_path / "fresh"
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", dist, root, cwd=tmp_path)
    (wheel,) = dist.glob("gitops_reconciler-*.whl")
    venv.create(fresh, with_pip=True)
    run(fresh / "bin/python", "-m", "pip", "install", "-q", wheel, cwd=tmp_path)

    where = run(fresh / "bin/python", "-c", "import gitops; print(gitops.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(fresh)
    example = root / "examples" / "local-folder"
    run(fresh / "bin/gitops", "validate", "-f", example, cwd=tmp_path)
    assert '"$schema"' in run(fresh / "bin/gitops", "schema", "WebApp", cwd=tmp_path)
