from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(path.parent for path in ROOT.glob("examples/*/registry.yaml*"))
NAMES = [path.name for path in EXAMPLES]
GITOPS = Path(sys.executable).parent / "gitops"


def gitops(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the installed command, as a user does, with the one secret that an example reads."""
    return subprocess.run(
        [GITOPS, *arguments],
        cwd=cwd,
        env={**os.environ, "API_TOKEN": "t0ken-of-a-test"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def repository(tmp_path: Path) -> str:
    """Return the URL of a git repository with all that the templates of the examples follow."""
    folder = tmp_path / "repository"
    app = ROOT / "examples/hello/app"
    for place in (".", "web", "api"):
        (folder / place).mkdir(parents=True, exist_ok=True)
        for file in app.iterdir():
            (folder / place / file.name).write_bytes(file.read_bytes())
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "A start"]):
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
    return f"file://{folder}"


def options(folder: Path, repository: str) -> list[str]:
    """Return what an example's README gives on the command line."""
    template = any(folder.glob("*.yaml.j2"))
    return ["-f", str(folder), *(["--set", f"repo={repository}"] if template else [])]


@pytest.mark.parametrize("folder", EXAMPLES, ids=NAMES)
def test_example_is_valid(folder: Path, repository: str, tmp_path: Path) -> None:
    """Each example validates without an error and without a warning."""
    result = gitops("validate", *options(folder, repository), cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "warning" not in result.stdout + result.stderr


@pytest.mark.scenario
@pytest.mark.parametrize("folder", EXAMPLES, ids=NAMES)
def test_example_can_be_planned(folder: Path, repository: str, tmp_path: Path) -> None:
    """Each example gives a plan that names its web apps, on an engine without them."""
    arguments = [*options(folder, repository), "--project", f"example-{folder.name}"]
    result = gitops("plan", *arguments, "--detailed-exitcode", cwd=tmp_path)
    assert result.returncode == 2, result.stdout + result.stderr
    assert "WebApp/" in result.stdout


@pytest.mark.parametrize("folder", EXAMPLES, ids=NAMES)
def test_example_has_a_short_story(folder: Path) -> None:
    """Each example has a README of 3 to 20 lines that shows the command to run it."""
    text = (folder / "README.md").read_text()
    assert 3 <= len(text.splitlines()) <= 20
    assert f"-f examples/{folder.name}" in text


def test_own_delivery_is_valid(tmp_path: Path) -> None:
    """The project's own registry.yaml validates without an error and without a warning."""
    result = gitops("validate", "-f", str(ROOT / "registry.yaml"), cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "warning" not in result.stdout + result.stderr


@pytest.mark.scenario
def test_own_delivery_can_be_planned(tmp_path: Path) -> None:
    """The project's own registry.yaml gives a plan that builds and deploys its documentation."""
    file = str(ROOT / "registry.yaml")
    result = gitops(
        "plan", "-f", file, "--project", "own-test", "--detailed-exitcode", cwd=tmp_path
    )
    assert result.returncode == 2, result.stdout + result.stderr
    assert "BuildTask/docs" in result.stdout
    assert "WebApp/docs" in result.stdout
