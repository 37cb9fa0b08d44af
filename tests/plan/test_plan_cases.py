"""Each file in `cases` tells a story; the plan that follows from it is exactly the text there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from support.story import Story

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
KEYS = {
    *("about", "specs", "sources", "bases", "secrets", "now", "world"),
    *("allowMassRemoval", "byHand", "down", "plan"),
}
REASONS = {
    "BaseMissing",
    "BaseUnreachable",
    "BuildCanceled",
    "BuildFailed",
    "DependencyCycle",
    "DependencyNotReady",
    "DeployFailed",
    "EngineUnreachable",
    "GatewayUnreachable",
    "ImageMissing",
    "ImageUnknown",
    "OutsideWindow",
    "PlaceholderUnknown",
    "RegistryUnreachable",
    "SecretMissing",
    "SourceMissing",
    "SourceUnreachable",
    "TagTaken",
    "Unstable",
}


def case_of(path: Path) -> dict[str, Any]:
    """Return a case file's content."""
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_plan_is_exactly_this(path: Path) -> None:
    """The plan of a case is the expected text."""
    case = case_of(path)
    assert Story(case).plan_text() == case["plan"], case["about"]


def test_there_are_cases() -> None:
    """The folder of cases is found, each case says what it is about, and no key is passed over."""
    assert len(CASES) >= 150
    for path in CASES:
        case = case_of(path)
        assert case["about"].endswith("."), path
        assert set(case) <= KEYS, path


def test_every_reason_has_a_case() -> None:
    """Each reason for which the planner leaves a resource as it is shows in some case."""
    texts = "".join(case_of(path)["plan"] for path in CASES)
    assert {reason for reason in REASONS if f": {reason}: " not in texts} == set()
