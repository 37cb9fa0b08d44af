from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import gitops
from support.specs import written

WISHES = [
    ("rollback", "--reason", "it is bad"),
    ("resume",),
    ("swap", "staging"),
    ("stop",),
    ("start",),
    ("restart",),
]


@pytest.fixture
def dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a spec file, with an engine whose socket is not there."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.setenv("GITOPS_STATE", str(tmp_path / "state"))
    return written(tmp_path)


@pytest.mark.parametrize("words", WISHES, ids=lambda words: words[0])
def test_app_that_is_not_there(dead: Path, words: tuple[str, ...]) -> None:
    """A wish for an app that is not declared is 1, and names those that are."""
    command, *rest = words
    ran = gitops(command, "WebApp/shp", *rest, "-f", dead)
    assert (ran.code, ran.out) == (1, "")
    assert "there is no app or slot WebApp/shp" in ran.err
    assert "there are: WebApp/shop" in ran.err


@pytest.mark.parametrize("words", WISHES, ids=lambda words: words[0])
def test_what_is_no_app_is_a_usage_error(dead: Path, words: tuple[str, ...]) -> None:
    """Only apps and slots can be wished something of."""
    command, *rest = words
    for wrong in ("Target/local", "shop"):
        ran = gitops(command, wrong, *rest, "-f", dead)
        assert (ran.code, ran.out) == (64, "")
        assert wrong in ran.err


@pytest.mark.parametrize("words", WISHES, ids=lambda words: words[0])
def test_engine_that_is_not_there(dead: Path, words: tuple[str, ...]) -> None:
    """Without the engine a wish is 1, names the engine, and leaves no trace."""
    command, *rest = words
    ran = gitops(command, "WebApp/shop", *rest, "-f", dead)
    assert (ran.code, ran.out) == (1, "")
    assert "none.sock" in ran.err
    assert not (dead.parent / "state").exists()


def test_rollback_wants_a_reason(dead: Path) -> None:
    """A rollback without a reason is a usage error: the others will ask why."""
    ran = gitops("rollback", "WebApp/shop", "-f", dead)
    assert ran.code == 64
    assert "--reason" in ran.err


@pytest.mark.parametrize("command", [("history", "WebApp/shop"), ("exec", "WebApp/shop", "true")])
def test_look_without_an_engine(dead: Path, command: tuple[str, ...]) -> None:
    """A look at an app names the engine that does not answer."""
    ran = gitops(*command, "-f", dead)
    assert (ran.code, ran.out) == (1, "")
    assert "none.sock" in ran.err


def test_top_without_an_engine(dead: Path) -> None:
    """Where no engine answers, `top` says so."""
    ran = gitops("top", "-f", dead)
    assert ran.code == 1
    assert "none.sock" in ran.err
