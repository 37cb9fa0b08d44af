"""What Go's text/template with Sprig makes of the same text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitops.spec.gotemplate import render
from gitops.spec.values import parse_values

NOW = 1_700_000_000.0
LINES = Path(__file__).with_name("as_in_go.txt").read_text().splitlines()
SAME = list(zip(LINES[::2], map(json.loads, LINES[1::2]), strict=True))
"""Templates, and what Go 1.20 makes of each."""


@pytest.mark.parametrize(("text", "result"), SAME)
def test_the_same_as_in_go(text: str, result: str) -> None:
    """Values of files, formats, dates and functions of floats are as in Go."""
    assert render(text, {"Values": parse_values("f: 1.5", "values")}, NOW) == result
