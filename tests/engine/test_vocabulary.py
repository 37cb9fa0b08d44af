from __future__ import annotations

from pathlib import Path
from typing import get_args

from gitops.engine.record import _TOLD
from gitops.model.actions import Action


def words(action: type) -> str:
    """Return an action's name as plans spell it."""
    name = action.__name__
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


def test_every_event_reason_is_documented(root: Path) -> None:
    """docs/events.md has each reason of an event, and the name of each action that can fail."""
    page = (root / "docs/events.md").read_text()
    reasons = [*_TOLD.values(), *(f"{action.__name__}Failed" for action in get_args(Action))]
    assert not [reason for reason in reasons if f"`{reason}`" not in page]


def test_every_action_is_documented(root: Path) -> None:
    """docs/plan-format.md has the word for each action of a plan."""
    page = (root / "docs/plan-format.md").read_text()
    assert not [words(one) for one in get_args(Action) if f"`{words(one)}`" not in page]
