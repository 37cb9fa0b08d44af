"""Each file in `task_cases` holds a task file and the exact findings that it gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops.model.secret import Secret
from gitops.model.tasks import RunFacts
from gitops.spec.report import as_text
from gitops.spec.tasks import FetchError, Given, TaskText, read_task

CASES = sorted((Path(__file__).parent / "task_cases").glob("*.yaml"))


def case_of(path: Path) -> dict[str, Any]:
    """Return a case file's content."""
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def findings(case: dict[str, Any]) -> tuple[bool, str]:
    """Return whether there is a task, and the findings as text."""

    def fetch(name: str) -> str:
        if name not in case.get("files", {}):
            raise FetchError(f"there is no {name}")
        text: str = case["files"][name]
        return text

    given = Given(
        RunFacts(**{"id": "r1", **case.get("facts", {})}),
        case.get("values", {}),
        {name: Secret(value) for name, value in case.get("secrets", {}).items()},
    )
    task, found = read_task(TaskText(case["task"], "t.yaml", "folder"), given, fetch)
    return task is not None, as_text(found)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_findings_are_exactly_these(path: Path) -> None:
    """The findings of a case are the expected lines; only without an error is there a task."""
    case = case_of(path)
    there, found = findings(case)
    assert found == case["expect"], case["about"]
    assert there == (": error: " not in case["expect"])


def test_there_are_cases() -> None:
    """The folder of cases is found, so that no finding goes untested in silence."""
    assert len(CASES) >= 20
    assert all(case_of(path)["about"].endswith(".") for path in CASES)
