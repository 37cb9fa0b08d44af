from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHELL = sorted(
    path
    for path in [ROOT / ".ci/run", *(ROOT / "scripts").iterdir()]
    if path.is_file() and "bash" in path.read_text().splitlines()[0]
)
REPORT = (
    '<testsuites><testsuite tests="{tests}" failures="{failed}" errors="0" skipped="{skipped}"/>'
    "</testsuites>"
)


@pytest.mark.parametrize("script", SHELL, ids=lambda path: path.name)
def test_script_is_well_formed(script: Path) -> None:
    """Each script parses, and each one that can be run stops at the first command that fails."""
    subprocess.run(["bash", "-n", script], check=True)
    if os.access(script, os.X_OK):
        assert "\nset -eu\n" in script.read_text()


def tiers(folder: Path, **reports: dict[str, int]) -> subprocess.CompletedProcess[str]:
    """Write reports with the given counts and let CI's judge read them."""
    for name, counts in reports.items():
        (folder / f"{name}.xml").write_text(REPORT.format(**counts))
    names = [folder / "unit.xml", folder / "scenarios.xml"]
    return subprocess.run(
        [sys.executable, ROOT / "scripts/tiers.py", *names],
        capture_output=True,
        text=True,
        check=False,
    )


GOOD = {"tests": 5, "failed": 0, "skipped": 0}


def test_ci_passes_when_both_tiers_ran(tmp_path: Path) -> None:
    """Two reports with tests and no failure pass."""
    result = tiers(tmp_path, unit=GOOD, scenarios=GOOD)
    assert result.returncode == 0, result.stdout
    assert "tier scenarios: 5 ran" in result.stdout


@pytest.mark.parametrize(
    "reports",
    [
        {"unit": GOOD},
        {"unit": GOOD, "scenarios": {**GOOD, "tests": 0}},
        {"unit": GOOD, "scenarios": {**GOOD, "skipped": 1}},
        {"unit": GOOD, "scenarios": {**GOOD, "failed": 1}},
    ],
    ids=["no report", "no test", "one skipped", "one failed"],
)
def test_ci_fails_without_the_scenario_tier(
    reports: dict[str, dict[str, int]], tmp_path: Path
) -> None:
    """CI fails when the scenario tier has no report, no test, a skipped one or a failed one."""
    result = tiers(tmp_path, **reports)
    assert result.returncode == 1
    assert "tier scenarios" in result.stdout
    assert "NOT OK" in result.stdout


def test_engine_is_asked_for_by_the_name_it_has(tmp_path: Path) -> None:
    """A dead DOCKER_HOST is named in the error, and no other engine is started or used instead."""
    socket = f"unix://{tmp_path}/no.sock"
    result = subprocess.run(
        [ROOT / "scripts/engine"],
        env={**os.environ, "DOCKER_HOST": socket},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert socket in result.stderr
