"""Each file in `cases` holds the user's files and the exact findings that they give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops.spec.assembly import LoadRequest
from gitops.spec.load import load
from gitops.spec.report import as_text

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


def case_of(path: Path) -> dict[str, Any]:
    """Return a case file's content."""
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_findings_are_exactly_these(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The findings of a case are the expected lines; only without an error is there a bundle."""
    case = case_of(path)
    monkeypatch.chdir(tmp_path)
    for name, text in case["files"].items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    entries = [Path(entry) for entry in case.get("entries", ["."])]
    loaded = load(entries, LoadRequest("demo", case.get("values", {})))
    assert as_text(loaded.diagnostics) == case["expect"], case["about"]
    assert (loaded.bundle is None) == (": error: " in case["expect"])


def test_there_are_cases() -> None:
    """The folder of cases is found, so that no finding goes untested in silence."""
    assert len(CASES) >= 25
    assert all(case_of(path)["about"].endswith(".") for path in CASES)
