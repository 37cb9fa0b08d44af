from __future__ import annotations

import json
from pathlib import Path
from threading import Event

from gitops.drivers.base import Output
from gitops.drivers.builders.habit import Chores, Pace, pace


def test_a_look_that_freed_nothing_is_followed_by_a_rest(tmp_path: Path) -> None:
    """It is fifty times as long as the look took, a minute at most, and for that budget only."""
    known = pace(tmp_path, "unix:///engine")
    assert known.due(100, 1000.0)
    known.note(100, 0.5, 1000.0)
    assert not known.due(100, 1024.0)
    assert known.due(100, 1026.0)
    assert known.due(99, 1001.0)
    assert pace(tmp_path, "unix:///other").due(100, 1001.0)
    known.note(100, 600.0, 1000.0)
    assert not known.due(100, 1059.0)
    assert known.due(100, 1061.0)


def test_after_a_look_that_freed_something_there_is_none(tmp_path: Path) -> None:
    """The cache is at its budget then, and the next build takes it beyond."""
    known = pace(tmp_path, "unix:///engine")
    known.note(100, 0.5, 1000.0)
    known.note(100, 0.0, 1001.0)
    assert known.due(100, 1002.0)


def test_a_rest_ends_whatever_the_clock_does(tmp_path: Path) -> None:
    """A clock that was set back, a file that is none, and a folder that may not be written."""
    known = Pace(tmp_path / "pace")
    known.note(100, 1.0, 5000.0)
    assert known.due(100, 1000.0)
    for text in ("", "[]", "5", json.dumps({"keep": 100})):
        (tmp_path / "pace").write_text(text)
        assert known.due(100, 1000.0)
    (tmp_path / "file").touch()
    Pace(tmp_path / "file" / "pace").note(100, 1.0, 1.0)
    Pace().note(100, 1.0, 1.0)
    assert Pace().due(100, 1.0)


def test_chores_are_done_beside_what_follows() -> None:
    """They are waited for at the end, and what they say is heard."""
    chores, go, said = Chores(), Event(), list[str]()

    def chore(output: Output) -> None:
        go.wait(10)
        output("done")

    chores.later(chore, said.append)
    assert said == []
    go.set()
    chores.wait(Event())
    assert said == ["done"]


def test_nobody_who_gives_up_waits_for_a_chore() -> None:
    """A run that is canceled ends at once, and hears no more of it."""
    chores, go, over, cancel, said = Chores(), Event(), Event(), Event(), list[str]()

    def chore(output: Output) -> None:
        go.wait(10)
        output("done")
        over.set()

    chores.later(chore, said.append)
    cancel.set()
    chores.wait(cancel)
    go.set()
    assert over.wait(10)
    assert said == []
